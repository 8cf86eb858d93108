"""The clock of the machine."""

import time


class SystemClock:
    """The time as the machine has it."""

    def now(self) -> float:
        """Return the time of day in seconds since 1970, UTC."""
        return time.time()
