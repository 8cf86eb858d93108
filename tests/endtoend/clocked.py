"""Serves a home as `pillarbox serve` does, by a clock that stands where a file says."""

import sys
from pathlib import Path
from unittest.mock import patch

from pillarbox.app import build
from pillarbox.cli.main import main


class SetClock:
    """A clock that moves only when the file does."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def now(self) -> float:
        """Return the time of day in seconds since 1970, UTC."""
        return float(self._path.read_text("ascii"))


if __name__ == "__main__":
    home, clock = sys.argv[1:]
    sys.argv = ["pillarbox", "--home", home, "serve"]
    with patch.object(build, "SystemClock", lambda: SetClock(Path(clock))):
        main()
