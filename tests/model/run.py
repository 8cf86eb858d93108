"""`python -m tests.model.run --steps N`: server and model side by side for many steps.

As many processes as there are processors, each with a seed of its own, which is printed where it
finds a difference. Prints the steps, and ends with 1 where there was any difference.
"""

import argparse
import multiprocessing
import os
import secrets
import time
import traceback
from dataclasses import dataclass

from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.model.machine import SideBySide

SETTINGS = settings(
    max_examples=200,  # lives between two looks at how many steps were made
    stateful_step_count=50,  # at most, in one life
    phases=[Phase.generate, Phase.shrink],
    suppress_health_check=list(HealthCheck),
    deadline=None,
    database=None,
)


@dataclass(frozen=True)
class Share:
    """What one process has to do."""

    steps: int
    seed: int


@dataclass(frozen=True)
class Outcome:
    """What one process did; `fault` is the difference that it found, or nothing."""

    share: Share
    steps: int
    fault: str


def main() -> int:
    """Run all shares; return the exit code."""
    parser = argparse.ArgumentParser(prog="tests.model.run", description=__doc__)
    parser.add_argument("--steps", type=int, default=1_000_000)
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    asked = parser.parse_args()
    shares = [
        Share(-(-asked.steps // asked.workers), secrets.randbits(32)) for _ in range(asked.workers)
    ]
    began = time.monotonic()
    with multiprocessing.Pool(asked.workers) as pool:
        outcomes = pool.map(run, shares)
    seconds = time.monotonic() - began
    steps = sum(outcome.steps for outcome in outcomes)
    faults = [outcome for outcome in outcomes if outcome.fault]
    for outcome in faults:
        print(f"seed {outcome.share.seed}:\n{outcome.fault}")
    print(f"model: {steps:,} steps in {seconds:.0f} s, {len(faults)} differences.")
    return 1 if faults or steps < asked.steps else 0


def run(share: Share) -> Outcome:
    """Run lives of the machine until there are enough steps, or a difference."""
    SideBySide.steps.clear()
    number = share.seed
    while SideBySide.steps.total() < share.steps:
        try:
            run_state_machine_as_test(seed(number)(SideBySide), settings=SETTINGS)
        except Exception as error:  # whatever it is, it is a difference
            report = "".join(traceback.format_exception(error))
            return Outcome(share, SideBySide.steps.total(), report)
        number += 1
    return Outcome(share, SideBySide.steps.total(), "")


if __name__ == "__main__":
    raise SystemExit(main())
