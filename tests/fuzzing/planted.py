"""A target with two faults in it, for the control: the runner must find both."""

import time
from pathlib import Path

from fuzz.child import main
from fuzz.targets import MODULES

MOST_OCTETS = 64
SEEDS = (b"start", b"slow")
WORDS = (b"USER ",)


def one_input(octets: bytes) -> None:
    """Fail at one word, and take too long at another."""
    if octets.startswith(b"USER "):
        raise KeyError(octets)
    if octets == b"slow":
        end = time.process_time() + 0.15
        while time.process_time() < end:
            pass


if __name__ == "__main__":
    MODULES["planted"] = f"tests.fuzzing.{Path(__file__).stem}"
    main()
