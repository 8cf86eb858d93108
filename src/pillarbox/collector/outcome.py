"""What came of collecting, as scripts know it: fetchmail's exit codes."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum

from pillarbox.accounts.oauth.faults import NotAuthorisedFault
from pillarbox.archive.troubles import Stuck
from pillarbox.base.errors import Fault, OperatorFault, StoreFault
from pillarbox.client.faults import (
    BadListingFault,
    BeyondAsciiFault,
    MechanismMissingFault,
    NotAcceptedFault,
    PasswordWithoutTlsFault,
    RefusedFault,
    RemoteInUseFault,
)
from pillarbox.net.imap_faults import ImapGarbledFault
from pillarbox.sasl.client import MechanismFault, UnfitFault
from pillarbox.wire.pop3.answers import (
    GarbageFault,
    ListingTooLongFault,
    ReplyTooLongFault,
    UnsolicitedFault,
)
from pillarbox.wire.pop3.commands import UnsendableFault

MANY = 10  # fewer are soon removed by hand, somewhere else


class Outcome(IntEnum):
    """How a session ended; the number is the exit code."""

    MAIL = 0
    NONE = 1
    SOCKET = 2  # no connection, no TLS, a cut, or no answer in time
    AUTHENTICATION = 3
    PROTOCOL = 4  # the server does not speak POP3
    CONFIGURATION = 5
    SERVER = 7  # the server refused something, and may do it later
    LOCKED = 9  # by another process of ours, or by another session on the server
    STORE = 10  # what came could not be kept


@dataclass(frozen=True, slots=True)
class Result:
    """What a session did; also up to the fault that ended it.

    `collected` counts messages that the archive had not, `known` those that were fetched and that
    it had, `refused` those that the server listed and did not give. `removed` are gone from the
    server, `perhaps_removed` may be: the next session will know.

    Of those that were fetched, another remote had brought `elsewhere` already, `over_quota` found
    no room in the maildrop, and of `incomplete` fewer octets came than were listed. `moved` were
    known under another unique-id, of `headers` the header alone was taken, `skipped` are passed
    over by a rule and `held_back` by a limit. `damaged` did not read back as they came. `stuck`
    broke a session, and did not come since. More than half of what was there before have
    `vanished`, though nobody here has removed them; 0 where they are fewer.
    """

    outcome: Outcome
    listed: int = 0
    collected: int = 0
    known: int = 0
    refused: int = 0
    octets: int = 0
    removed: int = 0
    perhaps_removed: int = 0
    elsewhere: int = 0
    moved: int = 0
    headers: int = 0
    skipped: int = 0
    held_back: int = 0
    over_quota: int = 0
    incomplete: int = 0
    damaged: int = 0
    vanished: int = 0
    stuck: tuple[Stuck, ...] = ()
    fault: Fault | None = None


def many_vanished(gone: int, before: int) -> int:
    """Return how many messages somebody should hear of that are not listed any more, 0 for few.

    What is known under another unique-id is not among them.
    """
    return gone if gone >= MANY and 2 * gone > before else 0


# The first class that fits; what is left broke the connection.
OUTCOMES: tuple[tuple[tuple[type[Fault], ...], Outcome], ...] = (
    (
        (
            BeyondAsciiFault,
            MechanismFault,
            MechanismMissingFault,
            NotAcceptedFault,
            NotAuthorisedFault,
            PasswordWithoutTlsFault,
            UnfitFault,
            UnsendableFault,
        ),
        Outcome.AUTHENTICATION,
    ),
    ((RemoteInUseFault,), Outcome.LOCKED),
    ((RefusedFault,), Outcome.SERVER),
    (
        (
            BadListingFault,
            GarbageFault,
            ImapGarbledFault,
            ListingTooLongFault,
            ReplyTooLongFault,
            UnsolicitedFault,
        ),
        Outcome.PROTOCOL,
    ),
    ((OperatorFault,), Outcome.CONFIGURATION),
    ((StoreFault,), Outcome.STORE),
    ((Fault,), Outcome.SOCKET),
)


def outcome_of(fault: Fault) -> Outcome:
    """Return how a session ended that this fault ended."""
    return next(outcome for kinds, outcome in OUTCOMES if isinstance(fault, kinds))


def exit_code(results: Iterable[Result]) -> int:
    """Return what several sessions say together: the first failure, else whether there was mail.

    What another process of ours collects at the moment is no failure, unless that is all.
    """
    results = list(results)
    ours = [each for each in results if each.outcome is not Outcome.LOCKED or each.fault]
    outcomes = [result.outcome for result in ours or results]
    failures = [outcome for outcome in outcomes if outcome > Outcome.NONE]
    return int(failures[0] if failures else min(outcomes, default=Outcome.NONE))
