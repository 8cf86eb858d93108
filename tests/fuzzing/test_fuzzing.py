"""What fuzzes is tested too: its seeds pass, and faults that are planted are found."""

import importlib.util
import json
import subprocess
import sys
import time
from pathlib import Path

import pytest

from fuzz.knobs import Knobs, chunked
from fuzz.targets import MODULES, load
from fuzz.watch import Watch

ROOT = Path(__file__).parents[2]


@pytest.mark.slow
@pytest.mark.parametrize("name", MODULES)
def test_every_seed_passes(name: str) -> None:
    target = load(name)

    for seed in target.seeds:
        target.one_input(seed)

    assert max(map(len, target.seeds)) <= target.most_octets


def test_a_repetition_reaches_past_a_long_limit() -> None:
    assert b"a" * 129 + b"\xffb" == Knobs(b"a\xff\x02\xff\x00b").unfolded(9999)
    assert b"aaa" == Knobs(b"a\xff\xff").unfolded(3)


def test_chunks_are_the_octets() -> None:
    assert [b"a", b"bc", b"d"] == list(chunked(b"abcd", [1, 2]))
    assert b"x" * 999 == b"".join(chunked(b"x" * 999, [1]))
    assert [b"abcd"] == list(chunked(b"abcd", []))


def test_a_fault_is_kept_once_and_counted_twice(tmp_path: Path) -> None:
    def fail(octets: bytes) -> None:
        if octets != b"good":
            raise ValueError(octets)

    watch = Watch("any", fail, tmp_path)

    for octets in (b"first", b"good", b"second"):
        watch.run(octets)

    (place,) = watch.figures.findings
    assert place.startswith("ValueError at test_fuzzing.py:")
    assert (3, 2) == (watch.figures.inputs, watch.figures.findings[place])
    assert [b"first"] == [file.read_bytes() for file in tmp_path.iterdir()]


@pytest.mark.slow
def test_a_slow_input_is_a_finding(tmp_path: Path) -> None:
    def spin(_octets: bytes) -> None:
        end = time.process_time() + 0.12
        while time.process_time() < end:
            pass

    watch = Watch("any", spin, tmp_path)

    watch.run(b"x")

    assert {"slow": 1} == watch.figures.findings
    assert watch.figures.slowest_ms > 100


@pytest.mark.slow
@pytest.mark.skipif(importlib.util.find_spec("atheris") is None, reason="no build of atheris here")
def test_what_is_planted_is_found(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.fuzzing.planted", "planted", "3000", "0"]

    done = subprocess.run([*command, str(tmp_path)], cwd=ROOT, capture_output=True, check=False)

    assert 0 == done.returncode, done.stderr
    figures = json.loads((tmp_path / "planted.json").read_text("utf-8"))
    kinds = {place.partition(" at ")[0] for place in figures["findings"]}
    assert {"KeyError", "slow"} == kinds
    assert 3_000 == figures["inputs"]
