"""Server and model side by side; and broken servers, which the machine must find."""

import pytest
from hypothesis import Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.model.answers import DifferenceError
from tests.model.machine import SideBySide
from tests.model.model import Site
from tests.model.mutants import MUTANTS
from tests.model.sessions import Both, Pair

BOUNDED = settings(max_examples=100, stateful_step_count=30, deadline=None)
SAMPLE = {"0 is 1", "marks twice", "QUIT removes nothing", "two have a maildrop"}  # of each kind
# It stops at the first find, which takes a few hundred lives at most.
UNTIL_FOUND = settings(
    max_examples=5000,
    stateful_step_count=50,
    phases=[Phase.generate],
    report_multiple_bugs=False,
    deadline=None,
    database=None,
)


@pytest.mark.slow
def test_the_server_says_what_the_model_says() -> None:
    run_state_machine_as_test(SideBySide, settings=BOUNDED)


@pytest.mark.slow
@pytest.mark.parametrize(
    "mutant",
    [pytest.param(name, marks=() if name in SAMPLE else pytest.mark.interop) for name in MUTANTS],
)
def test_a_broken_server_is_found(mutant: str, monkeypatch: pytest.MonkeyPatch) -> None:
    MUTANTS[mutant](monkeypatch)

    with pytest.raises(DifferenceError):
        run_state_machine_as_test(SideBySide, settings=UNTIL_FOUND)


@pytest.mark.parametrize("last", [b"GET / HTTP/1.1\r\n", b"STLS\r\nCAPA\r\n"])
def test_the_tenth_bad_command_may_be_one_that_ends_the_session_anyway(last: bytes) -> None:
    pair = Pair(Both(), Site(), secure=False)
    pair.say(b"NOPE\r\n" * 9)

    pair.say(last)

    assert pair.core.is_over
