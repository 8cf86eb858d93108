"""The bench of the defence ends, also where the guesser that it runs does not."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from bench.defence import measure

TALKS = "print('one guess', flush=True)"
# A guesser that hears no SIGTERM, and whose child holds its stdout open.
STUBBORN = f"""
import signal, subprocess, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
{TALKS}
time.sleep(600)
"""


@contextmanager
def running(program: str) -> Iterator["subprocess.Popen[str]"]:
    with subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, text=True, start_new_session=True
    ) as process:
        yield process


def test_what_ends_is_heard_to_its_end() -> None:
    with running(TALKS) as process:
        assert ("one guess\n", True) == measure.last_words(process, 60)


def test_what_never_ends_is_ended_with_its_children(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(measure, "GRACE_SECONDS", 0.1)

    with running(STUBBORN) as process:
        assert process.stdout is not None
        process.stdout.readline()  # from now on it is deaf

        assert ("", False) == measure.last_words(process, 0)
        assert -signal.SIGKILL == process.returncode


@pytest.mark.parametrize("times", [[], [5.0, 6.0, 80.0]])
def test_what_was_tried_so_far_is_told_in_any_case(
    times: list[float], capsys: pytest.CaptureFixture[str]
) -> None:
    measure.tell_of_guesses(1000, 0, times, has_ended=False)

    said = capsys.readouterr().out
    assert said.startswith("hydra did not end and was ended after 300 s; tried so far:\n")
    assert f"1000 guesses, 0 hits, {len(times)} tried" in said
