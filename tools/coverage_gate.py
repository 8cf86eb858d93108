"""The coverage gate: lines and branches covered, room by room, against the floor of each.

Reads the combined `.coverage` file and the table `tool.pillarbox.coverage` in pyproject.toml.
"""

import json
import subprocess
import sys
import tempfile
import tomllib
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

PACKAGE = PurePosixPath("src/pillarbox")


@dataclass(frozen=True, slots=True)
class Floors:
    """What each file must reach, in per cent."""

    elsewhere: float
    pure: float
    pure_rooms: frozenset[str]
    pure_modules: frozenset[str]

    def group(self, path: PurePosixPath) -> str:
        """Name the row of the table that a file counts in."""
        inside = path.relative_to(PACKAGE)
        if str(inside) in self.pure_modules:
            return str(inside)
        return inside.parts[0] if len(inside.parts) > 1 else "(top)"

    def of(self, group: str) -> float:
        """Say what a row must reach."""
        is_pure = group in self.pure_rooms or group in self.pure_modules
        return self.pure if is_pure else self.elsewhere


@dataclass(slots=True)
class Tally:
    """Lines and branches of one row, and what the tests never reached of it."""

    covered: int = 0
    total: int = 0

    @property
    def percent(self) -> float:
        """Nothing to cover is all covered."""
        return 100 * self.covered / self.total if self.total else 100.0


def read_floors(pyproject: Path) -> Floors:
    """Read the floors; a key that is missing is a `KeyError`, not a lower floor."""
    table = tomllib.loads(pyproject.read_text())["tool"]["pillarbox"]["coverage"]
    return Floors(
        elsewhere=table["elsewhere"],
        pure=table["pure"],
        pure_rooms=frozenset(table["pure_rooms"]),
        pure_modules=frozenset(table["pure_modules"]),
    )


def read_report() -> Mapping[str, Any]:
    """Have coverage say what it measured, file by file."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "coverage.json"
        command = [sys.executable, "-m", "coverage", "json", "--quiet", "-o", str(report)]
        if subprocess.run(command, check=False).returncode:
            sys.exit("coverage gate: the tests ran no line of pillarbox.")
        files: Mapping[str, Any] = json.loads(report.read_text())["files"]
    return files


def tally_rooms(files: Mapping[str, Any], floors: Floors) -> dict[str, Tally]:
    """Add the files up by row."""
    rooms: dict[str, Tally] = defaultdict(Tally)
    for name, measured in files.items():
        summary = measured["summary"]
        tally = rooms[floors.group(PurePosixPath(name))]
        tally.covered += summary["covered_lines"] + summary["covered_branches"]
        tally.total += summary["num_statements"] + summary["num_branches"]
    return dict(rooms)


def show_gaps(files: Iterable[str]) -> None:
    """Have coverage name the lines and branches that no test reached."""
    command = [sys.executable, "-m", "coverage", "report", "--show-missing", "--skip-covered"]
    subprocess.run([*command, f"--include={','.join(files)}"], check=False)


def main() -> int:
    """Print the table; 1 where a row is below its floor."""
    floors = read_floors(Path("pyproject.toml"))
    files = read_report()
    rooms = tally_rooms(files, floors)
    low = {room for room, tally in rooms.items() if tally.percent < floors.of(room)}
    print(f"{'room':<24}{'covered':>10}{'floor':>8}")
    for room, tally in sorted(rooms.items()):
        mark = "  LOW" if room in low else ""
        print(f"{room:<24}{tally.percent:>9.2f}%{floors.of(room):>7}%{mark}")
    sys.stdout.flush()
    if low:
        show_gaps(name for name in files if floors.group(PurePosixPath(name)) in low)
    return 1 if low else 0


if __name__ == "__main__":
    sys.exit(main())
