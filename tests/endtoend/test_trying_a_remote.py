"""`remote test` against our own server, over each kind of connection."""

import json
from pathlib import Path

import pytest

from pillarbox.collector.outcome import Outcome
from tests.endtoend.post_office import ACCOUNT, PostOffice, open_office
from tests.peers.fetch import Tls

pytestmark = pytest.mark.slow
MESSAGE = b"Subject: one\r\n\r\nbody\r\n"


@pytest.mark.parametrize("tls", Tls)
def test_a_trial_comes_through_and_leaves_everything_to_be_collected(
    tls: Tls, office: PostOffice, tmp_path: Path
) -> None:
    (tmp_path / "one.eml").write_bytes(MESSAGE)
    office.do("deliver", ACCOUNT, tmp_path / "one.eml")
    ours = open_office(tmp_path / "ours")
    with office.serving() as serving:
        ours.add_remote("there", serving.as_peer(tls))
        tried = ours.run("remote", "test", "there", "--json")
        collected = ours.attempt("collect")

    answer = json.loads(tried.out)
    stages = {stage["stage"]: stage for stage in answer["stages"]}
    assert (Outcome.MAIL, Outcome.MAIL) == (tried.code, collected.code)
    assert ("passed", None) == (answer["outcome"], answer["fault"])
    assert (1, True) == (stages["listing"]["messages"], stages["listing"]["unique_ids"])
    assert stages["top"]["octets"] > 0
    assert stages["tls"]["said"].startswith("TLSv1.")
