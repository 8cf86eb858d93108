"""What scripts learn from the exit code: fetchmail's well-known numbers."""

import pytest

from pillarbox.base.errors import Fault, OperatorFault, PeerFault, StoreFault
from pillarbox.client.faults import (
    BadListingFault,
    BeyondAsciiFault,
    HungUpFault,
    NotAcceptedFault,
    PasswordWithoutTlsFault,
    RemoteInUseFault,
    StlsMissingFault,
    TryLaterFault,
)
from pillarbox.collector.outcome import Outcome, Result, exit_code, many_vanished, outcome_of
from pillarbox.net.deadline import TooSlowFault
from pillarbox.net.tls import TlsFault
from pillarbox.wire.pop3.answers import GarbageFault, StlsInjectionFault

OUTCOMES = [
    (HungUpFault("x"), Outcome.SOCKET),
    (TlsFault("x"), Outcome.SOCKET),
    (TooSlowFault("x"), Outcome.SOCKET),
    (PeerFault("x"), Outcome.SOCKET),
    (StlsMissingFault("x"), Outcome.SOCKET),
    (StlsInjectionFault("x"), Outcome.SOCKET),
    (NotAcceptedFault("x"), Outcome.AUTHENTICATION),
    (BeyondAsciiFault("x"), Outcome.AUTHENTICATION),
    (PasswordWithoutTlsFault("x"), Outcome.AUTHENTICATION),
    (GarbageFault("x"), Outcome.PROTOCOL),
    (BadListingFault("x"), Outcome.PROTOCOL),
    (OperatorFault("x"), Outcome.CONFIGURATION),
    (TryLaterFault("x"), Outcome.SERVER),
    (RemoteInUseFault("x"), Outcome.LOCKED),
    (StoreFault("x"), Outcome.STORE),
]


@pytest.mark.parametrize(("fault", "outcome"), OUTCOMES)
def test_each_fault_has_its_exit_code(fault: Fault, outcome: Outcome) -> None:
    assert outcome is outcome_of(fault)


SESSIONS = [
    ([], 1),
    ([Outcome.NONE], 1),
    ([Outcome.MAIL], 0),
    ([Outcome.NONE, Outcome.MAIL, Outcome.NONE], 0),
    ([Outcome.MAIL, Outcome.SERVER, Outcome.SOCKET], 7),
    ([Outcome.AUTHENTICATION], 3),
    ([Outcome.LOCKED, Outcome.LOCKED], 9),
    ([Outcome.LOCKED, Outcome.MAIL], 0),
    ([Outcome.LOCKED, Outcome.NONE], 1),
    ([Outcome.LOCKED, Outcome.SOCKET], 2),
]


@pytest.mark.parametrize(("outcomes", "code"), SESSIONS)
def test_of_several_sessions_the_first_failure_counts(outcomes: list[Outcome], code: int) -> None:
    assert code == exit_code(Result(outcome) for outcome in outcomes)


def test_a_maildrop_that_is_in_use_on_the_server_is_a_failure() -> None:
    in_use = Result(Outcome.LOCKED, fault=RemoteInUseFault("x"))

    assert Outcome.LOCKED == exit_code([Result(Outcome.MAIL), in_use])


@pytest.mark.parametrize(
    ("gone", "before", "told"), [(180, 200, 180), (100, 200, 0), (9, 9, 0), (10, 10, 10), (0, 0, 0)]
)
def test_that_most_has_vanished_is_told_and_that_little_has_is_not(
    gone: int, before: int, told: int
) -> None:
    assert told == many_vanished(gone, before)
