"""`python -m bench.collect`: `pillarbox collect` beside mpop, getmail6 and fetchmail.

Each program fetches the same messages from one Dovecot over loopback into an empty home, with and
without a round trip, and leaves them there. Prints for each the median time, how many times the
fastest peer's that is, and the most memory that a process of its had. `--strace` counts the system
calls instead by which each makes its messages durable. What does not pipeline is measured once
where there is a round trip, as that takes minutes. The numbers depend on the machine.
"""

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from bench.blobs.mail import message
from bench.collect.measure import Cost, FailedFault, Run, measure
from bench.collect.programs import ACCOUNT, PASSWORD, PILLARBOX, PROGRAMS, Program, unprivileged
from tests.peers import strace
from tests.peers.dovecot import USER, Dovecot, Options
from tests.peers.openssl import make_certificate

MEBIBYTE = 1 << 20
SYNCS = ("fsync", "fdatasync", "rename", "link")
# Reading does not change the maildrop, and the server is not what is measured.
SETTINGS = "pop3_no_flag_updates = yes\nmail_max_userip_connections = 100\n"


@dataclass(frozen=True, slots=True)
class Load:
    """So many messages of so many octets."""

    name: str
    messages: int
    octets: int


LOADS = (Load("2,000 of 4 KB", 2000, 4096), Load("20 of 20 MB", 20, 20 * MEBIBYTE))


@contextmanager
def serving(load: Load, folder: Path) -> Iterator[Dovecot]:
    """Serve a load from a real Dovecot, which has seen each message once."""
    certificate = make_certificate(folder)
    options = Options({ACCOUNT: PASSWORD}, ("plain", "login"), settings=SETTINGS)
    with Dovecot(certificate, options) as server:
        octets = load.octets
        server.deliver(ACCOUNT, (message(number, octets) for number in range(load.messages)))
        yield server


@contextmanager
def reached(port: int, seconds: float) -> Iterator[int]:
    """Give the port at which a server is that is so far away."""
    if not seconds:
        yield port
        return
    command = [sys.executable, "-m", "bench.collect.delay", str(port), str(seconds)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as proxy:
        try:
            yield int((proxy.stdout or sys.stdin.buffer).readline())
        finally:
            proxy.kill()


def once(program: Program, port: int, load: Load, folder: Path) -> Cost:
    """Let a program collect everything into an empty home, and check that it did."""
    with prepared(program, port, folder) as (run, home):
        cost = measure(run)
        kept = program.kept(home)
        if kept != load.messages:
            why = f"{program.name} kept {kept} of {load.messages} messages"
            raise FailedFault(why)
    return cost


def tried(program: Program, port: int, load: Load, folder: Path) -> list[Cost]:
    """Measure a program; a peer that fails costs no other its measurement."""
    # getmail6 waits in vain for a child that ended too early, the likelier the busier the machine.
    try:
        return [once(program, port, load, folder)]
    except FailedFault as fault:
        if program.name == PILLARBOX:
            raise
        sys.stderr.write(f"{fault}\n")
        return []


@contextmanager
def prepared(program: Program, port: int, folder: Path) -> Iterator[tuple[Run, Path]]:
    """Give a program's first run on an empty home, of which only the files' octets go."""
    home = Path(tempfile.mkdtemp(prefix="collect-", dir=folder))
    home.chmod(0o755)  # getmail's user has to get in
    (home / "home").mkdir()
    try:
        yield program.prepare(home / "home", port, unprivileged(USER)), home / "home"
    finally:
        # ext4 without a journal gives no inode away that was free for less than some minutes, and
        # passes by each of them: removing files would cost whoever makes files next.
        for path in filter(Path.is_file, home.rglob("*")):
            os.truncate(path, 0)


def compare(
    wanted: argparse.Namespace, load: Load, seconds: float, port: int, homes: Path
) -> list[str]:
    """Return the rows of one point of measurement."""
    costs: dict[str, list[Cost]] = {program.name: [] for program in wanted.programs}
    with reached(port, seconds) as near:
        for number in range(wanted.repeat):
            for program in wanted.programs:
                if number and seconds and not program.is_pipelining:
                    continue  # once is minutes
                sys.stderr.write(f"{load.name}, {seconds * 1000:g} ms: {program.name} {number}\n")
                costs[program.name] += tried(program, near, load, homes)
    return rows(f"{load.name}, {seconds * 1000:g} ms", costs)


def rows(point: str, costs: Mapping[str, Sequence[Cost]]) -> list[str]:
    """Lay out what a point of measurement gave, a row for each program."""
    times = {name: median(cost.seconds for cost in each) for name, each in costs.items() if each}
    fastest = min((time for name, time in times.items() if name != PILLARBOX), default=0.0)
    return [
        f"| {point} | {name} | {times[name]:.2f} s |"
        f" {f'{times[name] / fastest:.2f}' if fastest else '-'} |"
        f" {median(cost.busy_seconds for cost in each):.2f} s |"
        f" {max(cost.octets for cost in each) / MEBIBYTE:.0f} MiB |"
        if each
        else f"| {point} | {name} | failed | - | - | - |"
        for name, each in costs.items()
    ]


def trace(wanted: argparse.Namespace, load: Load, port: int, homes: Path) -> list[str]:
    """Return how often each program makes each call on which durability rests."""
    found = []
    for program in wanted.programs:
        with prepared(program, port, homes) as (run, _):
            counts = strace.count(run.command, SYNCS, env=run.env, cwd=run.cwd, deadline=600)
        said = ", ".join(f"{count.total} {name}" for name, count in counts.items())
        found.append(f"| {load.name} | {program.name} | {said} |")
    return found


def wishes(words: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="bench.collect", description=__doc__)
    names = {program.name: program for program in PROGRAMS}
    parser.add_argument("--repeat", type=int, default=3, help="runs of each program")
    parser.add_argument("--only", action="append", choices=names, help="repeatable")
    parser.add_argument("--load", type=int, action="append", choices=range(len(LOADS)))
    parser.add_argument("--delay", type=float, action="append", help="milliseconds; repeatable")
    parser.add_argument("--folder", type=Path, help="where to make the homes")
    parser.add_argument("--strace", action="store_true", help="count what is synced")
    found, _ = parser.parse_known_args(words)
    found.programs = [names[name] for name in found.only or names]
    return found


def main() -> None:
    """Measure every point and print the table."""
    wanted = wishes()
    table = []
    for number in wanted.load or range(len(LOADS)):
        load = LOADS[number]
        with (
            tempfile.TemporaryDirectory() as folder,
            tempfile.TemporaryDirectory(dir=wanted.folder) as name,
            serving(load, Path(folder)) as server,
        ):
            homes, port = Path(name), server.port
            homes.chmod(0o755)  # getmail's user has to get in
            once(PROGRAMS[1], port, load, homes)  # the server's caches are warm
            if wanted.strace:
                table += trace(wanted, load, port, homes)
                continue
            for milliseconds in wanted.delay or (0.0, 30.0):
                table += compare(wanted, load, milliseconds / 1000, port, homes)
    print("| | program | time | of the fastest peer's | processors | memory |")
    print("|---|---|---:|---:|---:|---:|")
    print("\n".join(table))


if __name__ == "__main__":
    main()
