"""Messages that break a session: which are to blame, and when they are asked for again."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pillarbox.archive.keep import Origin
from pillarbox.archive.troubles import Stuck, Why
from pillarbox.base.errors import Fault, PeerFault, StoreFault
from pillarbox.client.faults import (
    HungUpFault,
    MessageTooLargeFault,
    PipeliningFault,
    RefusedFault,
)
from pillarbox.client.listing import Listed, listing_of
from pillarbox.collector.stuck import (
    LONGEST_REST_SECONDS,
    TRIES_AT_ONCE,
    is_to_blame,
    last_tried_last,
    name_of,
    rests,
    why_stuck,
)
from pillarbox.net.deadline import TooSlowFault
from pillarbox.net.tls import TlsFault
from pillarbox.wire.pop3.answers import GarbageFault, StlsInjectionFault
from tests.archive.home import ACCOUNT, REMOTE, Home

NOW = 1_800_000_000


def keep(home: Home, unique_id: str, octets: bytes) -> None:
    """Keep what was listed with three octets."""
    home.archive.keep([octets], Origin(REMOTE, ACCOUNT, unique_id, 3))


def stuck(name: str = "a", times: int = 1, why: Why = Why.CUT, tried_at: int = NOW) -> Stuck:
    return Stuck(name, 10, why, times, NOW - 9, tried_at)


@pytest.mark.parametrize(
    ("fault", "why"),
    [
        (HungUpFault("x"), Why.CUT),
        (PeerFault("reset"), Why.CUT),
        (TooSlowFault("x"), Why.TOO_SLOW),
        (MessageTooLargeFault("x", number=1), Why.TOO_LARGE),
        (GarbageFault("x"), Why.GARBLED),
        (PipeliningFault("x"), None),
        (RefusedFault("x"), None),
        (TlsFault("x"), None),
        (StlsInjectionFault("x"), None),
        (StoreFault("x"), None),
        (None, None),
    ],
)
def test_only_what_a_message_can_do_is_blamed_on_one(fault: Fault | None, why: Why | None) -> None:
    assert why == why_stuck(fault)


@pytest.mark.parametrize("what", [stuck(times=2), stuck(why=Why.TOO_LARGE), stuck(why=Why.GARBLED)])
def test_a_path_may_break_once_in_any_message(what: Stuck) -> None:
    assert is_to_blame(what)
    assert not is_to_blame(stuck())


@given(st.integers(1, 10_000), st.integers(0, 3 * LONGEST_REST_SECONDS))
def test_a_rest_comes_after_some_tries_and_ends(times: int, later: int) -> None:
    does_rest = rests(stuck(times=times), NOW + later)

    assert not (does_rest and times < TRIES_AT_ONCE)
    assert not (does_rest and later >= LONGEST_REST_SECONDS)
    assert does_rest or times < TRIES_AT_ONCE or later > 0


def test_a_clock_that_was_wrong_makes_no_rest() -> None:
    assert not rests(stuck(times=99, tried_at=NOW + 1), NOW)


def test_each_has_its_turn_behind_all_that_are_well() -> None:
    names = ["a", "b", "c", None]
    listing = listing_of(Listed(number, 10, name) for number, name in enumerate(names, start=1))
    known = {"a": stuck("a", tried_at=NOW), "b": stuck("b", tried_at=NOW - 5)}

    assert [3, 4, 2, 1] == [listed.number for listed in last_tried_last(listing, known)]


def test_a_stand_in_is_no_unique_id() -> None:
    assert " " in name_of(Listed(4, 10, None))


def test_what_broke_a_session_is_known_until_it_comes(home: Home) -> None:
    troubles = home.ledger.troubles

    troubles.broke(REMOTE, Stuck("a", 10, Why.CUT, 1, NOW, NOW, is_header=True))
    troubles.broke(REMOTE, Stuck("a", 11, Why.TOO_LARGE, 2, NOW, NOW + 5))
    troubles.broke(REMOTE, Stuck("b", 12, Why.GARBLED, 1, NOW, NOW))
    troubles.came(REMOTE, ["b"])

    expected = Stuck("a", 11, Why.TOO_LARGE, 2, NOW, NOW + 5, is_header=True)
    assert {"a": expected} == troubles.stuck(REMOTE)


def test_what_came_before_a_kill_and_has_another_size_is_in_doubt(home: Home) -> None:
    troubles, now = home.ledger.troubles, int(home.clock.now())
    keep(home, "a", b"one")
    keep(home, "b", b"four")

    troubles.doubt_unended(REMOTE, now)
    before = [entry.damaged_at for entry in home.ledger.entries(REMOTE).values()]
    troubles.begin(REMOTE, now)
    troubles.doubt_unended(REMOTE, now)
    after = {name: entry.damaged_at for name, entry in home.ledger.entries(REMOTE).items()}

    assert [None, None] == before
    assert {"a": None, "b": now} == after


def test_what_came_before_a_session_that_ended_is_not(home: Home) -> None:
    troubles, now = home.ledger.troubles, int(home.clock.now())
    keep(home, "b", b"four")
    troubles.begin(REMOTE, now)
    troubles.end(REMOTE)

    troubles.doubt_unended(REMOTE, now)

    assert home.ledger.entries(REMOTE)["b"].damaged_at is None
