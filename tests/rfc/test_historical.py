"""How long the replies of the historical protocols may be: RFC 937, "Sizes"."""

import pytest

from pillarbox.server.refusals import FAULTS, REFUSALS, REMOVAL_FAILED
from pillarbox.wire.pop2 import replies

REPLY_OCTETS = 512  # CRLF included
LONGEST_NAME = ".".join(["x" * 63] * 4)[:253]  # RFC 1035, section 2.3.4
LINES = [
    replies.greeting(LONGEST_NAME),
    replies.ok("OK"),
    replies.count(10**18),
    replies.length(10**18),
    replies.length(0),
    *map(
        replies.error, [*(text for text, _ in REFUSALS.values()), *FAULTS.values(), REMOVAL_FAILED]
    ),
]


@pytest.mark.parametrize("line", LINES)
def test_no_pop2_reply_is_longer_than_512_octets(line: bytes) -> None:
    assert line[:1] in {b"+", b"-", b"=", b"#"}
    assert line.endswith(b"\r\n")
    assert line.count(b"\n") == 1
    assert len(line) <= REPLY_OCTETS
