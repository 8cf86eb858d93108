"""What a client may say to our POP3 server: any octets, in any chunks, to the whole session."""

from itertools import count

from fuzz.knobs import Knobs, chunked, require
from fuzz.sasl_exchanges import END_POINT, prepare
from fuzz.world import World
from pillarbox.server.channel import Channel
from pillarbox.server.session import Session
from pillarbox.server.site import Site, Utf8Headers
from pillarbox.server.voice import ENGLISH, Language
from pillarbox.wire.pop3.capa import Terms

__all__ = ["MOST_OCTETS", "SEEDS", "WORDS", "one_input", "prepare"]

MOST_OCTETS = 1536
UNFOLDED = 16_384  # past the longest line, of 12,288
REPLY_OCTETS = 512  # RFC 1939, section 3
TIMESTAMP = "<1.2@mail.example.org>"
JAPANESE = Language("ja", "日本語", lambda text: f"日 {text}")
LANGUAGES = {"en": ENGLISH, "ja": JAPANESE}


def one_input(octets: bytes) -> None:
    """Play a session: no octets may surprise it, and every reply must be one."""
    knobs = Knobs(octets)
    is_secure = knobs.flag()
    terms = Terms(knobs.number(3), knobs.number(3), knobs.flag(), knobs.flag())
    site = Site(
        hostname="mail.example.org",
        allow_plaintext_auth_without_tls=knobs.flag(),
        apop=knobs.flag(),
        cram_md5=knobs.flag(),
        tokens=knobs.flag(),
        last=knobs.flag(),
        utf8_headers=knobs.choice(tuple(Utf8Headers)),
        terms=lambda: terms,
        languages=LANGUAGES,
    )
    channel = Channel(
        is_secure=is_secure,
        offers_stls=not knobs.flag(),
        end_point=END_POINT if is_secure else None,
        timestamp=TIMESTAMP if site.apop else None,
    )
    world, sizes, nonces = World(knobs), knobs.sizes(), count()
    session = Session(site, channel, lambda: f"{next(nonces):024}")
    world.play(session.run(), chunked(knobs.unfolded(UNFOLDED), sizes))
    _check(world.said)


def _check(said: list[bytes]) -> None:
    require(said[0].startswith(b"+OK"), "a greeting")
    for octets in said:
        require(octets.endswith(b"\r\n"), "a reply with its end")
        require(
            max(map(len, octets.split(b"\r\n"))) <= REPLY_OCTETS - 2 or octets[:2] == b"+ ", "512"
        )


_KNOBS = 9 + 5  # of one_input and of World, without the chunks'
_SECURE = b"\1\0\1\1\1\1" + bytes(_KNOBS - 6) + b"\0"
_PLAIN = b"\0\1" + bytes(_KNOBS - 2) + b"\1\0"
_BARE = bytes(_KNOBS) + b"\0"
_LOGIN = b"USER mrose\r\nPASS token\r\n"
_SAID = (
    b"CAPA\r\nNOOP\r\nQUIT\r\n",
    _LOGIN + b"STAT\r\nLIST\r\nLIST 1\r\nUIDL\r\nUIDL 2\r\nRETR 2\r\nTOP 3 1\r\nDELE 1\r\nQUIT\r\n",
    _LOGIN
    + b"DELE 2\r\nRSET\r\nLAST\r\nNOOP\r\nRETR 7\r\nRETR 0\r\nDELE 1\r\nDELE 1\r\nLIST 1\r\n",
    b"UTF8\r\nLANG\r\nLANG ja\r\n" + _LOGIN + b"LIST\r\nRETR 3\r\nCAPA\r\nLANG *\r\nQUIT\r\n",
    b"STLS\r\n",
    b"STLS\r\nCAPA\r\n",
    b"AUTH\r\nAUTH PLAIN AG1yb3NlAHRva2Vu\r\nSTAT\r\n",
    b"AUTH PLAIN\r\nAG1yb3NlAHRva2Vu\r\nSTAT\r\nQUIT\r\n",
    b"AUTH LOGIN\r\nbXJvc2U=\r\ndG9rZW4=\r\nLIST\r\n",
    b"AUTH CRAM-MD5\r\n*\r\n",
    b"AUTH CRAM-MD5\r\nbXJvc2UgMDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=\r\n",
    b"AUTH SCRAM-SHA-256\r\nbiwsbj1tcm9zZSxyPWFiY2RlZmdo\r\nYz1iaXdzLHI9YSxwPUFBQUE=\r\n\r\n",
    b"AUTH XOAUTH2 dXNlcj1tcm9zZQFhdXRoPUJlYXJlciB0b2tlbgEB\r\nSTAT\r\n",
    b"AUTH PLAIN =\r\nAUTH A\xff\xff\r\nQUIT\r\n",
    b"APOP mrose 0123456789abcdef0123456789abcdef\r\n",
    b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
    b"USER a\xff\4b\r\nPASS \xff\0\x80\r\nA\n\r\nB\r\0\r\n",
)
SEEDS = tuple(knobs + said for said in _SAID for knobs in (_SECURE, _PLAIN, _BARE))
WORDS = (
    *(
        b"CAPA\r\n",
        b"STLS\r\n",
        b"UTF8\r\n",
        b"LANG ",
        b"USER ",
        b"PASS ",
        b"APOP ",
        b"AUTH ",
        b"*\r\n",
    ),
    *(b"STAT\r\n", b"LIST ", b"UIDL ", b"RETR ", b"TOP ", b"DELE ", b"NOOP\r\n", b"RSET\r\n"),
    *(b"LAST\r\n", b"QUIT\r\n", b"GET ", b"mrose", b"token", b"PLAIN", b"LOGIN", b"CRAM-MD5"),
    *(b"SCRAM-SHA-1", b"SCRAM-SHA-256-PLUS", b"XOAUTH2", b"OAUTHBEARER", b"\r\n", b"=", b"ja"),
)
