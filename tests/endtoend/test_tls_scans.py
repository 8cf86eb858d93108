"""Scanners find nothing to mend in the TLS of the real server, on both of its ports."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.endtoend.post_office import Serving
from tests.endtoend.unmeasured import unmeasured
from tests.peers.fetch import Tls
from tests.peers.scanners import SEVERE, run_nmap, run_sslyze, run_testssl

# What a certificate of the home's own CA cannot have, and only that.
OF_A_PRIVATE_CA = {"cert_revocation": "its CA has neither a revocation list nor OCSP"}

pytestmark = pytest.mark.slow
TLS = pytest.mark.parametrize("tls", [Tls.IMPLICIT, Tls.STLS])


@pytest.fixture
def serving(tmp_path: Path) -> Iterator[Serving]:
    with unmeasured(tmp_path / "home").serving() as serving:
        yield serving


@TLS
def test_sslyze_says_that_mozillas_intermediate_profile_is_met(
    tls: Tls, serving: Serving, tmp_path: Path
) -> None:
    done = run_sslyze(tmp_path, serving.as_peer(tls))

    assert 0 == done.code, done.out.decode()
    assert b"OK - Compliant" in done.out
    assert b"X25519, secp256r1\n" in done.out


def test_nmap_gives_every_suite_its_best_mark(serving: Serving, tmp_path: Path) -> None:
    done = run_nmap(tmp_path, serving.secure)

    assert b"least strength: A\n" in done.out


@pytest.mark.interop
def test_nmap_gives_every_suite_its_best_mark_behind_stls(serving: Serving, tmp_path: Path) -> None:
    done = run_nmap(tmp_path, serving.as_peer(Tls.STLS))

    assert b"least strength: A\n" in done.out


@pytest.mark.interop
@TLS
def test_testssl_finds_nothing_but_the_private_ca(
    tls: Tls, serving: Serving, tmp_path: Path
) -> None:
    rows = run_testssl(tmp_path, serving.as_peer(tls))
    severe = {row["id"]: row["finding"] for row in rows if row["severity"] in SEVERE}

    assert {} == {name: why for name, why in severe.items() if name not in OF_A_PRIVATE_CA}
    assert any(row["id"] == "cert_chain_of_trust" for row in rows)  # it came as far as that
