"""What SCRAM must not have twice, and what it must have enough of: RFC 5802; RFC 7677."""

import re
from pathlib import Path

import pytest

from pillarbox.accounts.master_key import KeyFile
from pillarbox.accounts.scram import Scram, ScramPolicy
from pillarbox.accounts.secret_store import SecretStore
from pillarbox.accounts.site_keys import SiteKeys
from pillarbox.base.clock import FakeClock
from pillarbox.db.sqlite import Database
from pillarbox.sasl.exchange import ScramHash
from pillarbox.server.chance import new_nonce
from pillarbox.store.disk import Disk

LEAST_ITERATIONS = 4096


def salts(folder: Path, names: list[str]) -> list[bytes]:
    """Return the salts that one site has for names."""
    folder.mkdir()
    database, clock = Database(folder / "pillarbox.db"), FakeClock()
    keys = SiteKeys(SecretStore(database, KeyFile(folder / "keys", Disk()), clock))
    scram = Scram(database, keys, ScramPolicy())
    found = [scram.find(name, hash_).salt for name in names for hash_ in ScramHash]
    database.close()
    return found


def test_a_nonce_is_printable_without_a_comma_and_never_comes_again() -> None:
    nonces = [new_nonce() for _ in range(1000)]

    assert len(set(nonces)) == 1000
    assert all(re.fullmatch(r"[!-+\--~]{24,}", nonce) for nonce in nonces)


@pytest.mark.parametrize("sha_1_for_main_passwords", [False, True])
@pytest.mark.parametrize("hash_", ScramHash)
def test_no_hash_has_fewer_than_4096_iterations(
    hash_: ScramHash, sha_1_for_main_passwords: bool
) -> None:
    policy = ScramPolicy(sha_1_for_main_passwords=sha_1_for_main_passwords)

    assert policy.iterations(hash_) >= LEAST_ITERATIONS
    assert policy.main_iterations >= 600_000
    assert policy.app_iterations >= LEAST_ITERATIONS


def test_salts_cannot_be_told_without_the_key_of_the_site(tmp_path: Path) -> None:
    names = ["mrose", "nobody", "crew"]
    here, there = salts(tmp_path / "here", names), salts(tmp_path / "there", names)

    assert len(set(here + there)) == 2 * len(names) * len(ScramHash)
    assert all(len(salt) >= 16 for salt in here + there)
