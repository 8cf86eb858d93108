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
