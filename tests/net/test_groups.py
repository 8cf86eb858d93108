"""Whether OpenSSL agrees to more groups than it should is found out by asking it."""

import ssl
from datetime import UTC, datetime
from pathlib import Path

import pytest

from pillarbox.app.certificates import make_certificates
from pillarbox.net.client_hello import ClientHello, HelloReader
from pillarbox.net.contexts import server_context
from pillarbox.net.groups import hello_with, surplus_groups

P_256 = 0x0017


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    made = make_certificates("localhost", datetime.now(UTC))
    folder = tmp_path_factory.mktemp("groups")
    certificate, key = folder / "certificate", folder / "key"
    certificate.write_bytes(made.certificate)
    key.write_bytes(made.key)
    return certificate, key


@pytest.mark.parametrize(("curve", "name"), [("secp521r1", "P-521"), ("secp384r1", "P-384")])
def test_a_group_too_many_is_found(curve: str, name: str, pair: tuple[Path, Path]) -> None:
    context = server_context(*pair)
    context.set_ecdh_curve(curve)

    assert [name] == surplus_groups(context)


def test_p_256_alone_is_not_too_many(pair: tuple[Path, Path]) -> None:
    context = server_context(*pair)
    context.set_ecdh_curve("prime256v1")

    assert [] == surplus_groups(context)


def test_the_question_is_a_client_hello_that_openssl_takes(pair: tuple[Path, Path]) -> None:
    arriving, leaving = ssl.MemoryBIO(), ssl.MemoryBIO()
    arriving.write(hello_with(P_256))
    asked = server_context(*pair).wrap_bio(arriving, leaving, server_side=True)

    with pytest.raises(ssl.SSLWantReadError):
        asked.do_handshake()
    assert leaving.read().startswith(b"\x16\3\3")
    assert ClientHello(None, None) == HelloReader().feed(hello_with(P_256))
