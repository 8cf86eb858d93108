"""`python -m fuzz [--seconds 60 | --inputs N] [TARGET...]`: fuzz targets, one after another.

Each runs under atheris in its own process. Prints a line for each; ends with 1 where anything was
found, whose inputs are then in `.fuzz/`.
"""

import argparse
import importlib.util
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from fuzz.targets import MODULES

FOLDER = Path(".fuzz")
LINE = "{target:16} {inputs:>11,} inputs {rate:>8,.0f}/s {seconds:>8.0f} s"
MORE = "  slowest {slowest_ms:.1f} ms  {most_memory_mib:.0f} MiB  {findings} findings"


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="fuzz", description=__doc__)
    limit = parser.add_mutually_exclusive_group()
    limit.add_argument("--seconds", type=float, default=0, help="for each target; 60 if not said")
    limit.add_argument("--inputs", type=int, default=0, help="for each target")
    parser.add_argument("--folder", type=Path, default=FOLDER, help="where findings go")
    parser.add_argument("targets", nargs="*", metavar="TARGET", help=", ".join(MODULES))
    found = parser.parse_args()
    if unknown := sorted(set(found.targets) - set(MODULES)):
        parser.error(f"no such target: {', '.join(unknown)}")
    return found


def main() -> int:
    """Fuzz what was asked for; return the exit code."""
    asked = arguments()
    if importlib.util.find_spec("atheris") is None:
        print("fuzz: skipped: atheris has no build for this Python and this machine.")
        return 0
    asked.folder.mkdir(parents=True, exist_ok=True)
    (asked.folder / ".gitignore").write_text("*\n", "ascii")
    seconds = asked.seconds or (0 if asked.inputs else 60)
    outcomes = [
        run(target, asked.inputs, seconds, asked.folder) for target in asked.targets or MODULES
    ]
    return 0 if all(outcomes) else 1


def run(target: str, inputs: int, seconds: float, folder: Path) -> bool:
    """Fuzz one target and print its figures; return whether it is as it should be."""
    report, log = folder / f"{target}.json", folder / f"{target}.log"
    report.unlink(missing_ok=True)
    command = [sys.executable, "-m", "fuzz.child", target, str(inputs), str(seconds), str(folder)]
    with log.open("wb") as output:
        code = subprocess.run(command, stdout=output, stderr=output, check=False).returncode
    if not report.exists():
        print(f"{target}: ended with {code} before its first report; see {log}.")
        return False
    figures: dict[str, Any] = json.loads(report.read_text("utf-8"))
    _print(figures)
    if not figures["is_finished"]:
        print(f"  ended with {code} by itself: a crash, a hang or too much memory; see {log}.")
    return bool(figures["is_finished"]) and code == 0 and not figures["findings"]


def _print(figures: dict[str, Any]) -> None:
    rate = figures["inputs"] / max(figures["seconds"], 0.001)
    line = (LINE + MORE).format(**figures | {"rate": rate, "findings": len(figures["findings"])})
    print(line, flush=True)
    for place, count in figures["findings"].items():
        print(f"  {count} x {place}: {figures['files'][place]}", flush=True)


if __name__ == "__main__":
    raise SystemExit(main())
