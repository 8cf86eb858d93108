"""Three real clients share an account for 200 days: as devices nothing is lost, else much is.

The desk is fetchmail, a master that removes what it has fetched; the phone is mpop, a reader that
leaves all on the server; the tablet is getmail6, a reader that removes what it has fetched.
"""

from collections import Counter
from pathlib import Path

import pytest

from tests.endtoend.simulation import Simulation, as_devices, as_one
from tests.peers.program import find

SEED = 20_261_123
DAYS = [
    pytest.param(12, id="12", marks=pytest.mark.slow),
    pytest.param(200, id="200", marks=pytest.mark.interop),
]


@pytest.fixture(autouse=True)
def clients_are_there() -> None:
    for name in ("fetchmail", "mpop", "getmail"):
        find(name)


def once_each(simulation: Simulation, delivered: int) -> dict[str, Counter[int]]:
    return {name: Counter(range(delivered)) for name in simulation.clients}


@pytest.mark.parametrize("days", DAYS)
def test_every_device_gets_every_message_once_and_the_maildrop_ends_empty(
    days: int, tmp_path: Path
) -> None:
    simulation = as_devices(tmp_path, SEED)

    story = simulation.run(days)

    assert story.delivered > days
    assert once_each(simulation, story.delivered) == story.fetched
    assert story.waited_for == story.in_maildrop
    assert 0 == story.in_maildrop[-1]


@pytest.mark.parametrize("days", DAYS)
def test_with_one_password_for_all_what_one_removes_the_others_never_see(
    days: int, tmp_path: Path
) -> None:
    simulation = as_one(tmp_path, SEED)

    story = simulation.run(days)

    lost = {name: story.lost(name) for name in simulation.clients}
    assert min(lost["phone"], lost["tablet"]) > days / 4, lost
    assert days < 200 or lost["desk"] > days / 4, lost
    assert 0 == story.in_maildrop[-1]
