"""`make bench-defence`: what others notice while hydra guesses 1,000 passwords from one address.

Logins one after another, from the connection to the +OK, on a real server over TLS: while nothing
else happens, and while hydra guesses. Prints what of the guesses was tried, and how much longer a
login takes. The numbers depend on the machine, which hydra shares with the server.
"""

import argparse
import json
import os
import re
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from statistics import quantiles

OPENS = "correct horse"
VICTIM, OTHER = "mrose", "zoe"
SECONDS = 60.0  # the longest wait for a connection
HYDRA_SECONDS = 300.0  # for hydra alone, once all else is measured: some of its runs never end
GRACE_SECONDS = 10.0  # between asking hydra to end and ending it
PILLARBOX = (sys.executable, "-m", "pillarbox")
TRIED = re.compile(r"^(\S+) login\.refused peer=\S+ why=not-accepted$", re.MULTILINE)
HIT = re.compile(r"^\[\d+\]\[pop3\] host: ", re.MULTILINE)
GUESSER = "127.0.0.1"  # where hydra comes from


@dataclass(frozen=True)
class Visitor:
    """Somebody who logs in with the right password."""

    who: str
    name: str
    source: str


VISITORS = (
    Visitor("another account, another address", OTHER, "127.0.0.2"),
    Visitor("the account itself, from where it is known", VICTIM, "127.0.0.3"),
    Visitor("another account, the guesser's address", OTHER, GUESSER),
)


@dataclass(frozen=True)
class Server:
    """One that runs."""

    port: int
    trust: ssl.SSLContext

    def login(self, visitor: Visitor) -> float:
        """Return how many seconds a login takes; raises ConnectionError where it is refused."""
        start = time.perf_counter()
        bare = socket.create_connection(
            ("127.0.0.1", self.port), SECONDS, source_address=(visitor.source, 0)
        )
        with bare, self.trust.wrap_socket(bare, server_hostname="localhost") as sock:
            lines = sock.makefile("rb")
            lines.readline()
            for command in (f"USER {visitor.name}", f"PASS {OPENS}"):
                sock.sendall(command.encode() + b"\r\n")
                reply = lines.readline()
                if not reply.startswith(b"+OK"):
                    raise ConnectionError(reply)
            taken = time.perf_counter() - start
            sock.sendall(b"QUIT\r\n")
            lines.readline()
        return taken


def make_home(home: Path, cache_seconds: int) -> None:
    """Make a home with two accounts, that listens on any port."""
    subprocess.run([*PILLARBOX, "--home", str(home), "init"], check=True, capture_output=True)
    config = home / "pillarbox.toml"
    text = re.sub(r'"127\.0\.0\.1:\d+"', '"127.0.0.1:0"', config.read_text("utf-8"))
    text = text.replace("cache_seconds = 300", f"cache_seconds = {cache_seconds}")
    config.write_text(text, "utf-8")
    for name in (VICTIM, OTHER):
        add = [*PILLARBOX, "--home", str(home), "account", "add", name, "--password-stdin"]
        subprocess.run(add, check=True, capture_output=True, input=OPENS.encode() + b"\n")


@contextmanager
def serving(home: Path, journal: Path) -> Iterator[Server]:
    """Serve the home; its journal goes into a file."""
    listeners = home / "run" / "listeners.json"
    with journal.open("wb") as out:
        process = subprocess.Popen([*PILLARBOX, "--home", str(home), "serve"], stderr=out)
        try:
            while not listeners.exists():
                if process.poll() is not None:
                    message = "the server did not start"
                    raise RuntimeError(message)
                time.sleep(0.05)
            trust = ssl.create_default_context(cafile=home / "tls" / "ca.pem")
            yield Server(json.loads(listeners.read_text())["pop3s"][0][1], trust)
        finally:
            process.terminate()
            process.wait()


@contextmanager
def guessing(port: int, folder: Path, guesses: int) -> Iterator["subprocess.Popen[str]"]:
    """Let hydra guess while the block runs."""
    words = folder / "guesses"
    words.write_text("".join(f"guess{number}\n" for number in range(guesses)), "ascii")
    hydra = shutil.which("hydra")
    if hydra is None:
        sys.exit("hydra is not installed; tests/peers/install.sh brings it")
    command = [hydra, "-I", "-S", "-s", str(port), "-t", "16", "-l", VICTIM, "-P", str(words)]
    process = subprocess.Popen(
        [*command, GUESSER, "pop3"],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,  # so that its children end with it
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            end(process)


def last_words(process: "subprocess.Popen[str]", seconds: float) -> tuple[str, bool]:
    """Return what a process has said, and whether it ended within so many seconds; else end it."""
    try:
        return process.communicate(timeout=seconds)[0], True
    except subprocess.TimeoutExpired:
        return end(process), False


def end(process: "subprocess.Popen[str]") -> str:
    """End a process that leads a session, and its children; return what it has said."""
    process.terminate()
    try:
        return process.communicate(timeout=GRACE_SECONDS)[0]
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        return process.communicate()[0]


def logins(server: Server, count: int, pause: float) -> dict[Visitor, list[float]]:
    """Log everybody in, again and again; return how long each login took."""
    times: dict[Visitor, list[float]] = {visitor: [] for visitor in VISITORS}
    for _ in range(count):
        for visitor, taken in times.items():
            taken.append(server.login(visitor))
            time.sleep(pause)
    return times


def busiest(times: Sequence[float], seconds: float) -> int:
    """Return the most that there were in any so many seconds."""
    return max((sum(start <= at < start + seconds for at in times) for start in times), default=0)


def p99(times: Sequence[float]) -> float:
    """Return what 99 in 100 stay below."""
    return quantiles(times, n=100, method="inclusive")[98]


def tell(quiet: dict[Visitor, list[float]], noisy: dict[Visitor, list[float]]) -> None:
    """Say how much longer a login takes."""
    for visitor in VISITORS:
        before, after = quiet[visitor], noisy[visitor]
        shown = [f"p99 {p99(before) * 1000:.0f} -> {p99(after) * 1000:.0f} ms"]
        shown.append(f"ratio {p99(after) / p99(before):.2f}")
        shown.append(f"{len(after)} of {len(after)} let in")
        print(f"{visitor.who}: {', '.join(shown)}", flush=True)


def tell_of_guesses(guesses: int, hits: int, times: Sequence[float], *, has_ended: bool) -> None:
    """Say what of the guesses was tried."""
    if not has_ended:
        print(f"hydra did not end and was ended after {HYDRA_SECONDS:.0f} s; tried so far:")
    print(f"hydra: {guesses} guesses, {hits} hits, {len(times)} tried,")
    taken = times[-1] - times[0] if times else 0
    print(f"       at most {busiest(times, 60)} in any minute, in {taken:.0f} s", flush=True)


def main() -> None:
    """Measure, and say what was found; exit with 1 where a login was refused."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--guesses", type=int, default=1_000)
    parser.add_argument("--logins", type=int, default=150, help="of each visitor, in each part")
    parser.add_argument("--pause", type=float, default=0.1, help="seconds between two logins")
    parser.add_argument("--cache-seconds", type=int, default=300)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        home, journal = folder / "home", folder / "journal"
        make_home(home, asked.cache_seconds)
        with serving(home, journal) as server:
            logins(server, 5, 0)  # what is done once is done
            quiet = logins(server, asked.logins, asked.pause)
            with guessing(server.port, folder, asked.guesses) as hydra:
                noisy = logins(server, asked.logins, asked.pause)
                tell(quiet, noisy)  # before hydra ends, which takes it long
                said, has_ended = last_words(hydra, HYDRA_SECONDS)
        found = TRIED.findall(journal.read_text("utf-8"))
    times = [datetime.fromisoformat(at).timestamp() for at in found]
    tell_of_guesses(asked.guesses, len(HIT.findall(said)), times, has_ended=has_ended)


if __name__ == "__main__":
    main()
