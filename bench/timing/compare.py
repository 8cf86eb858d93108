"""`make bench-timing`: whether a stopwatch can tell an unknown name from any other refusal.

Attempts at all kinds, interleaved, on a real server over TLS: an unknown name; a wrong password; a
disabled account's right one; and a right main password where that is refused. Then the same on a
build without the dummy hash, where the difference must be found. Fails where three runs in a row
all find a difference. The throttle is off: a thousand wrong passwords are what this measures with.
"""

import argparse
import asyncio
import base64
import json
import random
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from bench.timing.rank_sum import rank_sum_p
from pillarbox.net.connector import connect
from pillarbox.net.contexts import client_context
from pillarbox.net.stream import Stream
from pillarbox.net.tls import secure_as_client

RUNS = 3
P = 0.001
MEDIAN_SECONDS = 0.002
ROUNDS_ON_ONE_CONNECTION = 5
SECONDS = 20.0  # the longest wait for a connection
PASSWORD = b"correct horse"
NAME, DISABLED, REFUSED = "mrose", "nina", "otto"
UNKNOWN = "unknown"
PILLARBOX = (sys.executable, "-m", "pillarbox")


@dataclass(frozen=True)
class Found:
    """How one kind of refusal differs from that of an unknown name; medians, in seconds."""

    kind: str
    p: float
    median: float
    difference: float

    @property
    def is_leak(self) -> bool:
        """Whether an attacker could use it."""
        return self.p < P and abs(self.difference) > MEDIAN_SECONDS


class Client:
    """One connection; times what the server takes to answer."""

    def __init__(self, stream: Stream) -> None:
        self._stream = stream

    async def line(self) -> bytes:
        """Return the next reply."""
        octets = b""
        while not octets.endswith(b"\r\n"):
            chunk = await self._stream.read()
            if not chunk:
                raise ConnectionError
            octets += chunk
        return octets

    async def ask(self, line: bytes) -> float:
        """Send a line and return how many seconds the reply took."""
        start = time.perf_counter()
        await self._stream.write(line + b"\r\n")
        await self.line()
        return time.perf_counter() - start

    def abort(self) -> None:
        """Leave."""
        self._stream.abort()

    async def password(self, name: str, password: bytes) -> float:
        """Try a password."""
        await self.ask(b"USER " + name.encode())
        return await self.ask(b"PASS " + password)

    async def scram(self, name: str, password: bytes) -> float:
        """Ask for a salt and give a wrong proof, whatever the password."""
        del password
        nonce = b"%032x" % random.getrandbits(128)
        first = b"n,,n=%s,r=%s" % (name.encode(), nonce)
        start = time.perf_counter()
        await self._stream.write(b"AUTH SCRAM-SHA-256 " + base64.b64encode(first) + b"\r\n")
        challenge = base64.b64decode((await self.line())[2:])
        server_nonce = challenge.partition(b",")[0].removeprefix(b"r=")
        proof = base64.b64encode(random.randbytes(32))
        final = b"c=biws,r=%s,p=%s" % (server_nonce, proof)
        await self.ask(base64.b64encode(final))
        return time.perf_counter() - start


WAYS: dict[str, Callable[[Client, str, bytes], Coroutine[None, None, float]]] = {
    "password": Client.password,
    "SCRAM": Client.scram,
}


@asynccontextmanager
async def serving(home: Path, build: str) -> AsyncIterator[int]:
    """Serve the home; give the POP3S port."""
    listeners = home / "run" / "listeners.json"
    command = (sys.executable, "-m", "bench.timing.serve", str(home), build)
    process = await asyncio.create_subprocess_exec(*command, stderr=subprocess.DEVNULL)
    try:
        while not listeners.exists():
            if process.returncode is not None:
                message = "the server did not start"
                raise RuntimeError(message)
            await asyncio.sleep(0.05)
        yield json.loads(listeners.read_text())["pop3s"][0][1]
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()


def make_home(home: Path) -> None:
    """Make a home with an account of each kind, that listens on any port."""
    subprocess.run([*PILLARBOX, "--home", str(home), "init"], check=True, capture_output=True)
    config = home / "pillarbox.toml"
    text = config.read_text("utf-8")
    for port in (1110, 1995, 1024):
        text = text.replace(f'"127.0.0.1:{port}"', '"127.0.0.1:0"')
    text = text.replace("allow_unlimited_guesses = false", "allow_unlimited_guesses = true")
    config.write_text(text, "utf-8")
    for name in (NAME, DISABLED, REFUSED):
        account(home, "add", name, "--password-stdin")
    account(home, "disable", DISABLED)
    account(home, "edit", REFUSED, "--main-password", "refuse")


def account(home: Path, *words: str) -> None:
    """Run a command about accounts."""
    command = [*PILLARBOX, "--home", str(home), "account", *words]
    subprocess.run(command, check=True, capture_output=True, input=PASSWORD + b"\n")


async def connected(home: Path, port: int) -> Client:
    """Return a client that has read the greeting."""
    stream = await connect("127.0.0.1", port, SECONDS)
    trust = client_context(home / "tls" / "ca.pem")
    client = Client(await secure_as_client(stream, trust, "localhost"))
    await client.line()
    return client


def attempts_of_each() -> list[tuple[str, str, bytes]]:
    """Return one attempt of each kind, in any order: its kind, the name and the password."""
    wrong = b"wrong %d" % random.getrandbits(64)
    kinds = [
        (UNKNOWN, f"nobody{random.getrandbits(32)}", wrong),
        ("wrong", NAME, wrong),
        ("disabled", DISABLED, PASSWORD),
        ("refused main", REFUSED, PASSWORD),
    ]
    return random.sample(kinds, len(kinds))


async def measure(home: Path, port: int, way: str, attempts: int) -> list[Found]:
    """Try `attempts` times each, in rounds of which chance says who is first."""
    times: defaultdict[str, list[float]] = defaultdict(list)
    for start in range(0, attempts, ROUNDS_ON_ONE_CONNECTION):
        client = await connected(home, port)
        for _ in range(start, min(start + ROUNDS_ON_ONE_CONNECTION, attempts)):
            for kind, name, password in attempts_of_each():
                times[kind].append(await WAYS[way](client, name, password))
        client.abort()
    unknown = times.pop(UNKNOWN)
    return [
        Found(kind, rank_sum_p(each, unknown), median(each), median(each) - median(unknown))
        for kind, each in sorted(times.items())
    ]


async def compare(home: Path, build: str, way: str, attempts: int) -> bool:
    """Say what each run finds; return whether all of them find a difference."""
    async with serving(home, build) as port:
        for run in range(1, RUNS + 1):
            found = await measure(home, port, way, attempts)
            for each in found:
                tell(f"{build:>13} {way:>8} run {run}", each)
            if not any(each.is_leak for each in found):
                return False
    return True


def tell(where: str, found: Found) -> None:
    """Say what was found."""
    shown = f"median {found.median * 1000:.3f} ms, {found.difference * 1000:+.3f} ms"
    print(f"{where} {found.kind:>12}: {shown} from unknown, p = {found.p:.3g}", flush=True)


def main() -> None:
    """Compare both builds; exit with 1 where names leak, or where the control finds nothing."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--attempts", type=int, default=500, help="at each kind, in each run")
    attempts: int = parser.parse_args().attempts
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder, "home")
        make_home(home)
        leaks = [asyncio.run(compare(home, "as it is", way, attempts)) for way in WAYS]
        is_seen = asyncio.run(compare(home, "without-decoy", "password", attempts))
    if any(leaks):
        sys.exit("FAILED: the time of a refusal tells whether there is such an account")
    if not is_seen:
        sys.exit("FAILED: the control was not noticed, so nothing is proved")
    print("no leak found, and the control was noticed")


if __name__ == "__main__":
    main()
