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
from pillarbox.collector.outcome import Outcome, Result, exit_code, outcome_of
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
    ([Outcome.MAIL, Outcome.LOCKED, Outcome.SOCKET], 9),
    ([Outcome.AUTHENTICATION], 3),
]


@pytest.mark.parametrize(("outcomes", "code"), SESSIONS)
def test_of_several_sessions_the_first_failure_counts(outcomes: list[Outcome], code: int) -> None:
    assert code == exit_code(Result(outcome) for outcome in outcomes)
