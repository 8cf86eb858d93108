"""One target under atheris, in a process of its own: `python -m fuzz.child NAME LIMITS FOLDER`.

libFuzzer never returns, so the report is written on the way, and for the last time when the limit
is reached.
"""

import json
import os
import resource
import sys
import tempfile
import time
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

from fuzz.targets import Target, load
from fuzz.watch import Watch

REPORT_SECONDS = 5
HANG_SECONDS = 20  # for what never comes back: libFuzzer ends the process
MEMORY_MIB = 1024  # atheris and the corpus included


@dataclass(frozen=True, slots=True)
class Limits:
    """When to stop; 0 is never."""

    inputs: int
    seconds: float


class Reporter:
    """Hands inputs to the watch, writes the figures now and then, and ends the process."""

    def __init__(self, watch: Watch, limits: Limits, report: Path) -> None:
        self._watch, self._limits, self._report = watch, limits, report
        self._began = self._written = time.monotonic()

    def one_input(self, octets: bytes) -> None:
        """Run one input; does not return from the last."""
        self._watch.run(octets)
        now = time.monotonic()
        if self._is_over(now - self._began):
            self._write(now, is_finished=True)
            os._exit(0)
        if now - self._written > REPORT_SECONDS:
            self._write(now, is_finished=False)

    def _is_over(self, seconds: float) -> bool:
        inputs = self._watch.figures.inputs
        return 0 < self._limits.inputs <= inputs or 0 < self._limits.seconds <= seconds

    def _write(self, now: float, *, is_finished: bool) -> None:
        self._written = now
        figures = self._watch.figures
        figures.seconds = now - self._began
        figures.is_finished = is_finished
        figures.most_memory_mib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        beside = self._report.with_suffix(".new")
        beside.write_text(json.dumps(figures.as_json()), "utf-8")
        beside.replace(self._report)


def options(target: Target, folder: Path, corpus: Path) -> list[str]:
    """Write the seeds and the words; return libFuzzer's options."""
    for number, seed in enumerate(target.seeds):
        (corpus / f"seed-{number}").write_bytes(seed)
    words = folder / f"{target.name}.dict"
    words.write_text("".join(f'"{_escaped(word)}"\n' for word in target.words), "ascii")
    return [
        f"-dict={words}",
        f"-max_len={target.most_octets}",
        f"-timeout={HANG_SECONDS}",
        f"-rss_limit_mb={MEMORY_MIB}",
        f"-artifact_prefix={folder}/{target.name}-",
        "-print_final_stats=1",
        "-close_fd_mask=0",
        str(corpus),
    ]


def _escaped(word: bytes) -> str:
    return "".join(f"\\x{octet:02x}" for octet in word)


def main() -> None:
    """Fuzz until the limit."""
    name, inputs, seconds, folder_name = sys.argv[1:]
    folder = Path(folder_name)
    atheris = import_module("atheris")
    with atheris.instrument_imports(include=["pillarbox"]):
        target = load(name)
    target.prepare()
    watch = Watch(name, target.one_input, folder)
    reporter = Reporter(watch, Limits(int(inputs), float(seconds)), folder / f"{name}.json")
    corpus = Path(tempfile.mkdtemp(prefix="corpus-", dir=folder))
    atheris.Setup([name, *options(target, folder, corpus)], reporter.one_input)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
