"""`python -m tests.model.run --steps N`: server and model side by side for many steps.

As many processes as there are processors, each with a seed of its own. Prints the steps, and ends
with 1 where there was any difference; the dialogue and the seed are then on stderr.
"""

import argparse
import os
import secrets
import subprocess
import sys
import time

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


def main() -> int:
    """Run what is asked for; return the exit code."""
    parser = argparse.ArgumentParser(prog="tests.model.run", description=__doc__)
    parser.add_argument("--steps", type=int, default=1_000_000, help="in all processes together")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--seed", type=int, help="of the one process that is then run")
    asked = parser.parse_args()
    if asked.seed is not None:
        run(asked.steps, asked.seed)
        return 0
    return share(asked.steps, asked.workers)


def share(steps: int, workers: int) -> int:
    """Share the steps out to processes; print how many were made, and how it went."""
    began = time.monotonic()
    command = [sys.executable, "-m", "tests.model.run", "--steps", str(-(-steps // workers))]
    running = [
        subprocess.Popen([*command, "--seed", str(secrets.randbits(32))], stdout=subprocess.PIPE)
        for _ in range(workers)
    ]
    made = sum(int(each.communicate()[0] or 0) for each in running)
    failed = sum(each.returncode != 0 for each in running)
    seconds = time.monotonic() - began
    print(f"model: {made:,} steps in {seconds:.0f} s, {failed} processes found a difference.")
    return 1 if failed or made < steps else 0


def run(steps: int, first_seed: int) -> None:
    """Run lives of the machine until there are enough steps; raise what it finds."""
    number = first_seed
    try:
        while SideBySide.steps.total() < steps:
            run_state_machine_as_test(seed(number)(SideBySide), settings=SETTINGS)
            number += 1
    except BaseException:
        print(f"model: a difference with --seed {number}", file=sys.stderr)
        raise
    finally:
        print(SideBySide.steps.total())


if __name__ == "__main__":
    raise SystemExit(main())
