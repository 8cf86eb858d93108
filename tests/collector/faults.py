"""The faults by name, and what a safe client makes of each."""

import random
from collections.abc import Iterator
from copy import copy
from dataclasses import dataclass, field, replace
from time import sleep

from pillarbox.wire.pop3.client import LISTING_LINES
from tests.client.fake_server import stuffed
from tests.collector import forged
from tests.collector.faulty_server import Cut, Fault, Maildrop

COUNT = 8
THIRD = 3
FLOOD = b"x" * 65_536
FLOOD_SECONDS = 0.01  # between two parts of what has no end: the disk of the test has one
STALL_SECONDS = 4  # longer than the wait that is allowed


def message(number: int) -> bytes:
    """Return octets that no other number has, with dots where they matter."""
    header = f"From: a@example.org\r\nMessage-ID: <{number}@example.org>\r\nSubject: {number}\r\n"
    return (
        header.encode()
        + b"\r\n.dot\r\n.another.\r\n"
        + b"line\r\n" * (number * 50)
        + b"the end\r\n"
    )


MESSAGES = {f"id-{number}": message(number) for number in range(1, COUNT + 1)}


class CutInRetr(Fault):
    """The connection ends in the middle of a message."""

    def message(self, number: int, octets: bytes) -> Iterator[bytes]:
        if number == THIRD:
            yield octets[: len(octets) // 2]
            raise Cut
        yield stuffed(octets)


class CutInMany(Fault):
    """The connection ends in each of the first six messages, more than a run goes on after."""

    def message(self, number: int, octets: bytes) -> Iterator[bytes]:
        if number < 7:
            yield octets[: len(octets) // 2]
            raise Cut
        yield stuffed(octets)


class CutAfterDele(Fault):
    """The connection ends behind the first DELE."""

    def ended(self, keyword: str, number: int | None) -> None:
        if keyword == "DELE":
            raise Cut


class CutAtQuit(Fault):
    """What was marked is removed, and nobody is told."""

    def quit(self) -> bytes:
        raise Cut


class ErrAtQuit(Fault):
    """Half of what was marked is removed."""

    def may_remove(self, number: int) -> bool:
        return number % 2 == 0

    def quit(self) -> bytes:
        return b"-ERR some messages were not removed\r\n"


class ErrAtQuitAndRemoved(Fault):
    """All that was marked is removed, and the server says that it is not."""

    def quit(self) -> bytes:
        return b"-ERR nothing was removed\r\n"


class PartialListing(Fault):
    """Three messages are listed, and all are there."""

    def sizes(self, lines: list[str]) -> list[str]:
        return lines[:3]

    def unique_ids(self, lines: list[str]) -> list[str]:
        return lines[:3]


class EmptyListing(Fault):
    """None is listed, and all are there."""

    def sizes(self, lines: list[str]) -> list[str]:
        return []

    def unique_ids(self, lines: list[str]) -> list[str]:
        return []


class UniqueIdsChanged(Fault):
    """Every message has another unique-id than before."""

    def unique_id(self, unique_id: str) -> str:
        return f"moved-{unique_id}"


class DuplicateUniqueIds(Fault):
    """Two messages have the same unique-id."""

    def unique_id(self, unique_id: str) -> str:
        return unique_id.replace("id-3", "id-2")


class NoUidl(Fault):
    """The command is not there."""

    def capabilities(self, names: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(name for name in names if name != "UIDL")

    def says(self, keyword: str, number: int | None) -> bytes | None:
        return b"-ERR unknown command\r\n" if keyword == "UIDL" else None


class NoTop(Fault):
    """The command is not there."""

    def capabilities(self, names: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(name for name in names if name != "TOP")

    def says(self, keyword: str, number: int | None) -> bytes | None:
        return b"-ERR unknown command\r\n" if keyword == "TOP" else None


class NeitherUidlNorTop(NoUidl):
    """Only its content tells what a message is."""

    def says(self, keyword: str, number: int | None) -> bytes | None:
        return super().says("UIDL" if keyword == "TOP" else keyword, number)


class SizesTooSmall(Fault):
    """Every message is said to have one octet."""

    def sizes(self, lines: list[str]) -> list[str]:
        return [f"{line.split()[0]} 1" for line in lines]


class SizesTooLarge(Fault):
    """Every message is said to be ten times as large as it is."""

    def sizes(self, lines: list[str]) -> list[str]:
        return [f"{line}0" for line in lines]


class BareLf(Fault):
    """Lines of messages end in LF alone."""

    def message(self, number: int, octets: bytes) -> Iterator[bytes]:
        yield bare(octets) + b"\r\n.\r\n"


class UnstuffedDots(Fault):
    """Lines of messages that begin with a dot are sent as they are.

    Of two dots one would be lost, and nobody could tell: the messages here have no such line.
    """

    def message(self, number: int, octets: bytes) -> Iterator[bytes]:
        yield octets + b".\r\n"


class LoneDotUnstuffed(Fault):
    """A line of a dot alone, in the third message, ends it early; what is behind is no reply."""

    def message(self, number: int, octets: bytes) -> Iterator[bytes]:
        yield octets + b".\r\n" if number == THIRD else stuffed(octets)


class EndlessLine(Fault):
    """A line of a message has no end."""

    def message(self, number: int, octets: bytes) -> Iterator[bytes]:
        while number == THIRD:
            yield FLOOD
            sleep(FLOOD_SECONDS)
        yield stuffed(octets)


class EndlessReply(Fault):
    """The line that answers UIDL has no end."""

    def says(self, keyword: str, number: int | None) -> bytes | None:
        return b"+OK " + FLOOD * 1000 if keyword == "UIDL" else None


class EndlessListing(Fault):
    """The listing has no end."""

    def says(self, keyword: str, number: int | None) -> bytes | None:
        if keyword != "LIST":
            return None
        return b"+OK\r\n" + b"".join(b"%d 1\r\n" % n for n in range(1, 3_000_000))


class EndlessMessage(Fault):
    """A message has lines for ever."""

    def message(self, number: int, octets: bytes) -> Iterator[bytes]:
        while number == THIRD:
            yield b"another line\r\n" * 4000
            sleep(FLOOD_SECONDS)
        yield stuffed(octets)


class AbsurdCounts(Fault):
    """Numbers and octets beyond every integer of a machine."""

    def sizes(self, lines: list[str]) -> list[str]:
        huge = "9" * 30
        return [f"1 {huge}", "2 -1", f"3 {2**64}", *lines[3:]]


class AbsurdlyMany(Fault):
    """As many messages are listed as are read, with the longest names; few of them are there."""

    def more(self, lines: list[str]) -> range:
        return range(len(lines) + 1, LISTING_LINES + 1)

    def sizes(self, lines: list[str]) -> list[str]:
        return [*lines, *(f"{number} 4000" for number in self.more(lines))]

    def unique_ids(self, lines: list[str]) -> list[str]:
        return [*lines, *(f"{number} {number:070}" for number in self.more(lines))]

    def begins(self, keyword: str, number: int | None, maildrop: Maildrop) -> None:
        if number is not None and number > COUNT:
            raise Cut


class AbsurdNumbers(Fault):
    """A message has a number beyond every integer of a machine."""

    def sizes(self, lines: list[str]) -> list[str]:
        return [*lines, f"{'9' * 30} 1"]


class Garbage(Fault):
    """Chance speaks where a reply to RETR belongs."""

    def says(self, keyword: str, number: int | None) -> bytes | None:
        if keyword != "RETR" or number != THIRD:
            return None
        return random.Random(3).randbytes(200_000)


class GarbageGreeting(Fault):
    """Chance speaks where the greeting belongs."""

    def greeting(self) -> bytes:
        return random.Random(4).randbytes(100_000)


class OneOctetASecond(Fault):
    """Every wait for an octet is short, and all together have no end."""

    def message(self, number: int, octets: bytes) -> Iterator[bytes]:
        if number != THIRD:
            yield stuffed(octets)
            return
        for octet in octets:
            yield bytes([octet])
            sleep(1)


class Stall(Fault):
    """From one RETR on nothing gets an answer."""

    def begins(self, keyword: str, number: int | None, maildrop: Maildrop) -> None:
        if keyword == "RETR" and number == THIRD:
            sleep(STALL_SECONDS)


class ReplyLeftOut(Fault):
    """One RETR gets no answer, and those behind it do: replies come to the wrong commands."""

    def says(self, keyword: str, number: int | None) -> bytes | None:
        return b"" if keyword == "RETR" and number == THIRD else None


class StlsStripped(Fault):
    """Somebody in between takes STLS out of the capabilities."""

    tls = "stls"

    def capabilities(self, names: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(name for name in names if name != "STLS")


class Injected(Fault):
    """Somebody in between adds a reply to that to STLS."""

    tls = "stls"

    def after_stls(self) -> bytes:
        return b"+OK begin\r\n+OK injected\r\n"


class Expired(Fault):
    """The certificate ended yesterday."""

    certificate = forged.EXPIRED


class WrongName(Fault):
    """The certificate is somebody else's."""

    certificate = forged.WRONG_NAME


class SelfSigned(Fault):
    """The certificate is vouched for by nobody."""

    certificate = forged.SELF_SIGNED


class FalsePipelining(Fault):
    """PIPELINING is announced, and of commands that come together all but the first are lost."""

    answers_only_first = True


class FalsePipeliningInOrder(Fault):
    """PIPELINING is announced, and commands that come behind RETR cut the connection."""

    def begins(self, keyword: str, number: int | None, maildrop: Maildrop) -> None:
        if keyword == "RETR" and number == THIRD:
            raise Cut


class PathsInUniqueIds(Fault):
    """Unique-ids that would leave a folder, were they names of files."""

    def unique_id(self, unique_id: str) -> str:
        return f"../../../../../../{unique_id}/../../evil-{unique_id}"


class NoUidlAndCut(NoUidl, CutInRetr):
    """Two at once."""


class NoTopAndUniqueIdsChanged(NoTop, UniqueIdsChanged):
    """Two at once."""


class SizesTooSmallAndCut(SizesTooSmall, CutAfterDele):
    """Two at once."""


class SizesTooSmallAndReplyLeftOut(SizesTooSmall, ReplyLeftOut):
    """Two at once."""


def bare(octets: bytes) -> bytes:
    """Return the octets with LF for CRLF, and no line that starts with a dot."""
    return octets.replace(b"\r\n.", b"\r\n-").replace(b"\r\n", b"\n")


@dataclass(frozen=True)
class Case:
    """One fault in its circumstances.

    `was_well` has a collection without the fault go before, with everything left there; later ones
    fetch nothing again, unless only the content tells (`has_names` is false). `is_mended`
    has one without it follow; else the fault stays and the client has to live with it.
    `exits` are the exit codes that the collection which meets the fault may have.
    """

    fault: Fault
    exits: frozenset[int]
    was_well: bool = False
    has_names: bool = True
    is_mended: bool = True
    ends_well: bool = True  # False: each collection ends with the fault
    seconds: tuple[int, int] = (5, 20)  # for one wait; for a session
    policy: tuple[object, ...] = ("--delete-after-days", "0")
    later: frozenset[str] = frozenset()  # these come after a collection without the fault
    messages: dict[str, bytes] = field(default_factory=lambda: dict(MESSAGES))
    kept: dict[str, bytes] | None = None  # None: the messages
    more: tuple[bytes, ...] = ()  # what may be kept besides: a part that the server called a whole


def _exits(*codes: int) -> frozenset[int]:
    return frozenset(codes)


MAIL, NONE, SOCKET, AUTHENTICATION, PROTOCOL, CONFIGURATION, SERVER = 0, 1, 2, 3, 4, 5, 7
FINE = _exits(MAIL, NONE)
STOPS = _exits(SOCKET, PROTOCOL)
LEFT = _exits(SOCKET, PROTOCOL, SERVER)  # a message is left there, and the others are had
ALL_BARE = {name: bare(octets) + b"\r\n" for name, octets in MESSAGES.items()}
CUT_SHORT = b"Subject: third\r\n\r\nbefore\r\n"
WITH_A_LONE_DOT = {**MESSAGES, f"id-{THIRD}": CUT_SHORT + b".\r\nbehind\r\n"}
CASES: dict[str, Case] = {
    "cut in RETR": Case(CutInRetr(), FINE | LEFT),
    "cut in RETR for good": Case(
        CutInRetr(),
        LEFT,
        is_mended=False,
        kept={name: octets for name, octets in MESSAGES.items() if name != f"id-{THIRD}"},
        ends_well=False,
    ),
    "cut after DELE": Case(CutAfterDele(), _exits(MAIL, SOCKET)),
    "cut at QUIT": Case(CutAtQuit(), _exits(MAIL, SOCKET)),
    "-ERR at QUIT": Case(ErrAtQuit(), _exits(MAIL, SERVER)),
    "-ERR at QUIT, and removed": Case(ErrAtQuitAndRemoved(), _exits(MAIL, SERVER)),
    "partial listing": Case(PartialListing(), FINE, was_well=True),
    "empty listing": Case(EmptyListing(), FINE, was_well=True),
    "partial listing at first": Case(PartialListing(), FINE),
    "all unique-ids changed": Case(UniqueIdsChanged(), FINE, was_well=True),
    "all unique-ids changed for good": Case(
        UniqueIdsChanged(), FINE, was_well=True, is_mended=False
    ),
    "duplicate unique-ids": Case(DuplicateUniqueIds(), FINE, is_mended=False),
    "no UIDL": Case(NoUidl(), FINE, is_mended=False),
    "no UIDL any more": Case(NoUidl(), FINE, was_well=True, has_names=False),
    "neither UIDL nor TOP any more": Case(
        NeitherUidlNorTop(), FINE, was_well=True, has_names=False
    ),
    "no TOP": Case(NoTop(), FINE, is_mended=False),
    "sizes too small": Case(SizesTooSmall(), FINE, is_mended=False),
    "sizes too large": Case(SizesTooLarge(), FINE, is_mended=False),
    "bare LF": Case(BareLf(), FINE, is_mended=False, kept=ALL_BARE),
    "unstuffed dots": Case(UnstuffedDots(), FINE, is_mended=False),
    "a lone dot unstuffed": Case(
        LoneDotUnstuffed(), LEFT | FINE, messages=WITH_A_LONE_DOT, more=(CUT_SHORT,)
    ),
    "endless line": Case(EndlessLine(), LEFT, seconds=(5, 3)),
    "endless reply": Case(EndlessReply(), STOPS),
    "endless listing": Case(EndlessListing(), STOPS),
    "endless message": Case(EndlessMessage(), LEFT, seconds=(5, 3)),
    "absurd counts": Case(AbsurdCounts(), FINE | STOPS),
    "absurd numbers": Case(AbsurdNumbers(), STOPS | FINE),
    "garbage octets": Case(Garbage(), LEFT),
    "garbage greeting": Case(GarbageGreeting(), STOPS),
    "one octet a second": Case(OneOctetASecond(), LEFT, seconds=(10, 3)),
    "stall": Case(Stall(), FINE | LEFT, seconds=(2, 20)),
    "a reply left out": Case(ReplyLeftOut(), FINE | LEFT, seconds=(2, 20)),
    "STLS stripped": Case(StlsStripped(), _exits(SOCKET)),
    "injected octets after STLS": Case(Injected(), STOPS),
    "expired certificate": Case(Expired(), _exits(SOCKET)),
    "certificate of another name": Case(WrongName(), _exits(SOCKET)),
    "self-signed certificate": Case(SelfSigned(), _exits(SOCKET)),
    "false PIPELINING": Case(FalsePipelining(), FINE | STOPS, is_mended=False, seconds=(3, 30)),
    "PIPELINING that cuts": Case(FalsePipeliningInOrder(), FINE | LEFT, seconds=(3, 30)),
    "../ in a unique-id": Case(PathsInUniqueIds(), FINE, is_mended=False),
}

# The same in other circumstances. What errs in a message does so in `id-3`, wherever that is.
IN_A_MESSAGE = (
    "cut in RETR",
    "a lone dot unstuffed",
    "endless line",
    "endless message",
    "garbage octets",
    "one octet a second",
    "stall",
    "a reply left out",
)
BAD = f"id-{THIRD}"


def _ordered(case: Case, place: int) -> Case:
    names = [name for name in case.messages if name != BAD]
    names.insert(place, BAD)
    return replace(case, messages={name: case.messages[name] for name in names})


def _over(case: Case, tls: str) -> Case:
    fault = copy(case.fault)
    fault.tls = tls
    return replace(case, fault=fault)


LATER = frozenset(f"id-{number}" for number in (3, 5, 6))
ARCHIVED = ("--delete-when-archived",)
OF_ONE_SIZE = {
    f"id-{number}": f"Message-ID: <{number}@example.org>\r\n\r\n".encode() + b"x\r\n" * 300
    for number in range(1, COUNT + 1)
}
MORE_CASES: dict[str, Case] = {
    **{f"{name}, first": _ordered(CASES[name], 0) for name in IN_A_MESSAGE},
    **{f"{name}, last": _ordered(CASES[name], COUNT - 1) for name in IN_A_MESSAGE},
    **{
        f"{name}, at the second poll": replace(CASES[name], later=LATER)
        for name in (*IN_A_MESSAGE, "cut after DELE", "cut at QUIT", "-ERR at QUIT, and removed")
    },
    **{
        f"{name}, archived": replace(CASES[name], policy=ARCHIVED)
        for name in ("cut in RETR", "garbage octets", "cut after DELE", "-ERR at QUIT")
    },
    **{
        f"{name}, after a day": replace(CASES[name], policy=("--delete-after-days", "1"))
        for name in ("cut in RETR", "a reply left out", "all unique-ids changed")
    },
    **{
        f"{name}, over STLS": _over(CASES[name], "stls")
        for name in (
            *("cut in RETR", "endless line", "stall", "expired certificate"),
            *("certificate of another name", "self-signed certificate", "-ERR at QUIT"),
        )
    },
    "a reply left out, all of one size": replace(CASES["a reply left out"], messages=OF_ONE_SIZE),
    "no UIDL, and cut": replace(CASES["cut in RETR"], fault=NoUidlAndCut()),
    "no TOP, and unique-ids changed": replace(
        CASES["all unique-ids changed for good"], fault=NoTopAndUniqueIdsChanged(), has_names=False
    ),
    "wrong sizes, and cut after DELE": replace(
        CASES["cut after DELE"], fault=SizesTooSmallAndCut()
    ),
    "wrong sizes, and a reply left out": replace(
        CASES["a reply left out"], fault=SizesTooSmallAndReplyLeftOut()
    ),
}
