"""Messages with any octets, as they are served and as the surrogate of what is served."""

from fuzz.knobs import Knobs, chunked, require
from pillarbox.message.served import canonical_chunks
from pillarbox.message.surrogate.whole import measure, surrogate_chunks

MOST_OCTETS = 768
UNFOLDED = 1024  # each octet is worked on four times, under the eyes of the fuzzer


def one_input(octets: bytes) -> None:
    """Make both forms, whole and in chunks.

    The chunks decide nothing, the size that LIST gives is the size that RETR sends, and the
    surrogate of a surrogate is itself.
    """
    knobs = Knobs(octets)
    sizes = knobs.sizes()
    message = knobs.unfolded(UNFOLDED)
    served = b"".join(canonical_chunks(chunked(message, sizes)))
    require(served == b"".join(canonical_chunks([message])), "chunks decide the served form")
    sent = b"".join(surrogate_chunks([served]))
    require(
        sent == b"".join(surrogate_chunks(chunked(served, sizes))), "chunks decide the surrogate"
    )
    measured = measure(chunked(served, sizes))
    require((measured is None) == (sent == served), "a surrogate where there is none, or none")
    if measured is not None:
        require(measured.octets == len(sent), "LIST gives another size than RETR sends")
        require(0 <= measured.header_octets <= len(sent), "a header longer than the message")
        require(measure([sent]) is None, "a surrogate that has a surrogate")


_MESSAGES = (
    "Subject: \u660e\u65e5\n\n\u672c\u6587\n",
    "From: \u307f\u3069\u308a <m@example.org>\nTo: \u00fc (\u00e4) <a@b>, c@\u00fc.example\n\n.\n",
    "Content-Type: multipart/mixed; boundary=b\n\n--b\nSubject: \u00fc\n\n\u00fc\n--b--\n",
    "Content-Type: message/rfc822\n\nSubject: \u00fc\n\nbody\n",
    'Content-Type: multipart/digest; boundary="b"\n\n--b\n\nSubject: \u00fc\n\nx\n--b--\n',
    'Content-Disposition: attachment; filename="\u00fc.txt"; size=3\n\n',
    'Group: \u00fc: a@b, "\u00fc" <c@d>;\nReceived: from \u00fc by b; 1 Jan 2026\n\n',
    "Subject: =?utf-8?q?=C3=BC?= \u00fc\n\t\u00fc\n\n",
    "From \u00fc\nSubject: \u00fc\r\r\n\rbody\n.\n..\n",
)
SEEDS = tuple(
    knobs + text.encode("utf-8") for text in _MESSAGES for knobs in (b"\0", b"\1\0", b"\2\2\x1f")
)
WORDS = (
    *(b"Subject: ", b"From: ", b"To: ", b"Content-Type: ", b"Content-Disposition: ", b"Received: "),
    *(b"multipart/mixed", b"message/rfc822", b"message/global", b"; boundary=", b"; filename="),
    *(
        b"filename*0*=",
        b"--b\r\n",
        b"--b--\r\n",
        b"\r\n\r\n",
        b"\r\n ",
        b"\xc3\xbc",
        b"\xe6\x98\x8e",
    ),
    *(b"=?utf-8?q?", b"?=", b"<a@b>", b"group:", b";", b'"', b"(", b")", b"\\", b"ORCPT="),
)
