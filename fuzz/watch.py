"""Counts inputs, takes their time, and keeps what was found. One bad input does not end a run."""

import hashlib
import time
import traceback
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

SLOW_SECONDS = 0.1  # issue 3: no input may take longer
TRIES = 3  # a slow input is taken again: the collector of garbage may have run in it
PACKAGES = ("/pillarbox/", "/fuzz/", "/fuzzing/")

OneInput = Callable[[bytes], None]


@dataclass
class Figures:
    """What a run did; `findings` has the place of each fault and how often it was met."""

    target: str
    inputs: int = 0
    seconds: float = 0.0
    slowest_ms: float = 0.0
    octets_of_slowest: int = 0
    most_memory_mib: float = 0.0
    findings: dict[str, int] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)
    is_finished: bool = False

    def as_json(self) -> dict[str, Any]:
        """Return it as values for `json`."""
        return asdict(self)


class Watch:
    """Runs a target on one input after another; the first input of each fault is kept as a file.

    Time is the processor's, in seconds: what others do on the machine is none of ours. What waits
    for ever is libFuzzer's to end.
    """

    def __init__(self, target: str, one_input: OneInput, folder: Path) -> None:
        self.figures = Figures(target)
        self._one_input = one_input
        self._folder = folder

    def run(self, octets: bytes) -> None:
        """Run one input; raise nothing that the target raises."""
        self.figures.inputs += 1
        began = time.process_time()
        try:
            self._one_input(octets)
        except Exception as error:  # every finding is reported, whatever it is
            self._found(place_of(error), octets)
        taken = time.process_time() - began
        if taken > SLOW_SECONDS:
            taken = min(taken, *(self._again(octets) for _ in range(TRIES - 1)))
        if taken * 1000 > self.figures.slowest_ms:
            self.figures.slowest_ms = taken * 1000
            self.figures.octets_of_slowest = len(octets)
        if taken > SLOW_SECONDS:
            self._found("slow", octets)

    def _again(self, octets: bytes) -> float:
        began = time.process_time()
        try:
            self._one_input(octets)
        except Exception:  # noted the first time
            return time.process_time() - began
        return time.process_time() - began

    def _found(self, place: str, octets: bytes) -> None:
        seen = self.figures.findings.get(place, 0)
        self.figures.findings[place] = seen + 1
        if not seen:
            digest = hashlib.sha256(octets).hexdigest()[:16]
            file = self._folder / f"{self.figures.target}-{digest}"
            file.write_bytes(octets)
            self.figures.files[place] = str(file)


def place_of(error: BaseException) -> str:
    """Return the kind of an exception and the innermost line of ours, the same for every input."""
    frames = traceback.extract_tb(error.__traceback__)
    ours = [each for each in frames if any(name in each.filename for name in PACKAGES)] or frames
    last = ours[-1]
    return f"{type(error).__name__} at {Path(last.filename).name}:{last.lineno} in {last.name}"
