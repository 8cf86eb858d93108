"""Settings that exclude each other are refused before anything is served."""

from pathlib import Path

import pytest

from pillarbox.app.config import load
from pillarbox.app.home import Home
from pillarbox.base.errors import OperatorFault


def test_tls_is_not_both_required_and_done_without(tmp_path: Path) -> None:
    home = Home(tmp_path)
    home.configuration.write_text(
        "[auth]\nrequire_tls = true\nallow_plaintext_auth_without_tls = true\n", "utf-8"
    )

    with pytest.raises(OperatorFault, match=r"auth\.require_tls excludes"):
        load(home)


@pytest.mark.parametrize("key", ["require_tls", "allow_plaintext_auth_without_tls"])
def test_either_may_be(key: str, tmp_path: Path) -> None:
    home = Home(tmp_path)
    home.configuration.write_text(f"[auth]\n{key} = true\n", "utf-8")

    assert getattr(load(home).auth, key)


@pytest.mark.parametrize(
    "line",
    [
        "policy.retention_days = -1",
        "policy.retention_days = 36501",
        "policy.login_delay_seconds = -1",
        "policy.login_delay_seconds = 31536001",
        'hostname = ""',
        'hostname = "a b"',
        'hostname = "例え.jp"',
        'hostname = "a\\n"',
        'hostname = "-a"',
        f'hostname = "{"x" * 254}"',
    ],
)
def test_what_nobody_can_mean_is_refused_with_its_key(line: str, tmp_path: Path) -> None:
    home = Home(tmp_path)
    home.configuration.write_text(line + "\n", "utf-8")

    with pytest.raises(OperatorFault) as caught:
        load(home)

    assert f"$.{line.split(maxsplit=1)[0]}" in str(caught.value)


@pytest.mark.parametrize("hostname", ["localhost", "::1", "192.0.2.1", "x" * 253])
def test_a_name_or_an_address_is_a_hostname(hostname: str, tmp_path: Path) -> None:
    home = Home(tmp_path)
    home.configuration.write_text(f'hostname = "{hostname}"\n', "utf-8")

    assert hostname == load(home).hostname
