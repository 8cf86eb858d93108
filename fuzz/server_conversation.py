"""What our POP3 server hears in any octets: the conversation alone, which is quick to try."""

from fuzz.knobs import Knobs, chunked, require
from fuzz.server_commands import WORDS
from pillarbox.wire.pop3 import verbs
from pillarbox.wire.pop3.events import Event, HttpRequest, StlsInjection
from pillarbox.wire.pop3.server import AUTH_OCTETS, ServerConversation
from pillarbox.wire.pop3.state import Outcome, State

__all__ = ["MOST_OCTETS", "SEEDS", "WORDS", "one_input"]

MOST_OCTETS = 512
UNFOLDED = 16_384  # past the longest line, of 12,288


def one_input(octets: bytes) -> None:
    """Hear the same octets whole and in chunks; the events must be the same."""
    knobs = Knobs(octets)
    state, sizes = knobs.choice((State.AUTHORIZATION, State.TRANSACTION)), knobs.sizes()
    said = knobs.unfolded(UNFOLDED)
    require(_heard([said], state) == _heard(list(chunked(said, sizes)), state), "the chunks decide")


def _heard(chunks: list[bytes], state: State) -> list[Event]:
    conversation = ServerConversation()
    events: list[Event] = []
    if state is State.TRANSACTION:
        conversation.happened(Outcome.ADMITTED)
    for chunk in chunks:
        conversation.feed(chunk)
        while (event := conversation.next_event()) is not None:
            if isinstance(event, verbs.Stls | StlsInjection | HttpRequest):
                return events  # here alone it counts what is in the same segment
            events.append(event)
            if isinstance(event, verbs.Auth):
                conversation.challenged()
        require(len(conversation) <= AUTH_OCTETS, "what is held is bounded")
    return events


_SAID = (
    b"CAPA\r\nUSER mrose\r\nPASS a b\r\nQUIT\r\n",
    b"AUTH PLAIN\r\nAG1yb3NlAHRva2Vu\r\nAUTH PLAIN =\r\n*\r\nAUTH\r\n",
    b"APOP mrose 0123456789abcdef0123456789abcdef\r\nLANG ja\r\nLANG *\r\nUTF8\r\n",
    b"STAT\r\nLIST 1\r\nUIDL\r\nRETR 2\r\nTOP 3 1\r\nDELE 1\r\nRSET\r\nNOOP\r\nLAST\r\n",
    b"GET / HTTP/1.1\r\n\r\n",
    b"USER a\xff\4b\r\nPASS \xff\0\x80\r\nA\n\r\nB\r\0\r\n",
    b"AUTH PLAIN A\xff\x60\r\nNOOP\r\n",
)
SEEDS = tuple(
    knobs + said for said in _SAID for knobs in (b"\0\0", b"\1\0", b"\0\1\0", b"\1\2\6\1")
)
