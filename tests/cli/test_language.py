"""What people read is in the language that LANGUAGE names."""

import os
import subprocess
import sys
from pathlib import Path

import pytest


def said(language: str, *arguments: str) -> str:
    """Return what a command prints, on stdout and stderr."""
    environment = os.environ | {"LANGUAGE": language, "PYTHONUTF8": "1"}
    main = "from pillarbox.cli.main import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", main, *arguments],
        env=environment,
        capture_output=True,
        encoding="utf-8",
        check=False,
        timeout=60,
    )
    return done.stdout + done.stderr


@pytest.mark.parametrize(
    ("language", "ours", "of_click"),
    [
        ("ja", "自分だけの POP3 郵便局です。", "このヘルプを表示して終了します。"),
        ("en", "A POP3 post office of your own.", "Show this message and exit."),
    ],
)
def test_help_is_in_the_readers_language(language: str, ours: str, of_click: str) -> None:
    text = said(language, "--help")

    assert ours in text
    assert of_click in text


@pytest.mark.slow
@pytest.mark.parametrize(
    ("language", "comment", "fault"),
    [
        (
            "ja",
            "# このファイルのあるフォルダーからの相対パス。",
            "アカウント 'nosuch' はありません。",
        ),
        ("en", "# Relative to this file's folder.", "There is no account 'nosuch'."),
    ],
)
def test_a_new_home_and_a_fault_are_in_the_readers_language(
    tmp_path: Path, language: str, comment: str, fault: str
) -> None:
    home = tmp_path / "home"
    said(language, "--home", str(home), "init")

    text = said(language, "--home", str(home), "account", "show", "nosuch")

    assert comment in (home / "pillarbox.toml").read_text("utf-8")
    assert fault in text
