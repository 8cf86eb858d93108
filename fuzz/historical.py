"""What a client may say to POP2 and POP1: any octets, in any chunks, to the whole session."""

from fuzz.knobs import Knobs, chunked, require
from fuzz.world import World
from pillarbox.server.pop1 import Pop1Session
from pillarbox.server.pop2 import Pop2Session

MOST_OCTETS = 1024
UNFOLDED = 4096  # past the longest line, of 512


def one_input(octets: bytes) -> None:
    """Play a session: no octets may surprise it."""
    knobs = Knobs(octets)
    session = Pop1Session().run() if knobs.flag() else Pop2Session("mail.example.org").run()
    world, sizes = World(knobs), knobs.sizes()
    world.play(session, chunked(knobs.unfolded(UNFOLDED), sizes))
    require(world.said, "a greeting")


_POP2 = (
    b"HELO mrose token\r\nREAD 1\r\nRETR\r\nACKS\r\nRETR\r\nACKD\r\nREAD\r\nQUIT\r\n",
    b"HELO mrose token\r\nFOLD other\r\nFOLD INBOX\r\nREAD 3\r\nRETR\r\nNACK\r\nQUIT\r\n",
    b"HELO m\\ rose wrong\r\n",
    b"HELO mrose token\r\nREAD 99\r\nRETR\r\n",
    b"QUIT\r\n",
)
_POP1 = (
    b"USER mrose\r\nPASS token\r\nRETR INBOX\r\nRCEV\r\nRCVD\r\nQUIT\r\n",
    b"USER mrose\r\nPASS token\r\nRDEL INBOX\r\nRECV\r\nRCVD\r\nRSET\r\nNOOP\r\nQUIT\r\n",
    b"USER mrose\r\nPASS wrong\r\nPASS\r\n",
    b"NOOP\r\nUSER a\xff\x10\r\n",
)
_WORLD = bytes(5) + b"\0"
SEEDS = (
    *(b"\0" + _WORLD + said for said in _POP2),
    *(b"\1" + _WORLD + said for said in _POP1),
    b"\0" + bytes(5) + b"\2\0\6" + _POP2[0],
    b"\1" + bytes(4) + b"\1\1\0" + _POP1[1],
)
WORDS = (
    *(b"HELO ", b"FOLD ", b"READ ", b"RETR", b"ACKS\r\n", b"ACKD\r\n", b"NACK\r\n", b"QUIT\r\n"),
    *(b"USER ", b"PASS ", b"RDEL ", b"RCEV\r\n", b"RCVD\r\n", b"RSET\r\n", b"NOOP\r\n", b"INBOX"),
    *(b"mrose", b"token", b"\\"),
)
