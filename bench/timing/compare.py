"""`make bench-timing`: whether a stopwatch can tell an unknown name from a wrong password.

Attempts at both, interleaved, on a real server over TLS; then the same on a build without the dummy
hash, where the difference must be found. Fails where three runs in a row all find a difference.
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
ATTEMPTS_ON_ONE_CONNECTION = 10
SECONDS = 20.0  # the longest wait for a connection
NAME, PASSWORD = "mrose", b"correct horse"
PILLARBOX = (sys.executable, "-m", "pillarbox")


@dataclass(frozen=True)
class Found:
    """What one run found; `difference` is that of the medians, in seconds."""

    p: float
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

    async def password(self, name: str) -> float:
        """Try a wrong password."""
        await self.ask(b"USER " + name.encode())
        return await self.ask(b"PASS wrong %d" % random.getrandbits(64))

    async def scram(self, name: str) -> float:
        """Ask for a salt and give a wrong proof."""
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


WAYS: dict[str, Callable[[Client, str], Coroutine[None, None, float]]] = {
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
    """Make a home with one account, that listens on any port."""
    subprocess.run([*PILLARBOX, "--home", str(home), "init"], check=True, capture_output=True)
    config = home / "pillarbox.toml"
    text = config.read_text("utf-8")
    for port in (1110, 1995, 1024):
        text = text.replace(f'"127.0.0.1:{port}"', '"127.0.0.1:0"')
    # A thousand wrong passwords are what this measures with.
    text = text.replace("allow_unlimited_guesses = false", "allow_unlimited_guesses = true")
    config.write_text(text, "utf-8")
    add = [*PILLARBOX, "--home", str(home), "account", "add", NAME, "--password-stdin"]
    subprocess.run(add, check=True, capture_output=True, input=PASSWORD + b"\n")


async def connected(home: Path, port: int) -> Client:
    """Return a client that has read the greeting."""
    stream = await connect("127.0.0.1", port, SECONDS)
    trust = client_context(home / "tls" / "ca.pem")
    client = Client(await secure_as_client(stream, trust, "localhost"))
    await client.line()
    return client


async def measure(home: Path, port: int, way: str, attempts: int) -> Found:
    """Try `attempts` times each, in pairs of which chance says who is first."""
    known: list[float] = []
    unknown: list[float] = []
    for start in range(0, attempts, ATTEMPTS_ON_ONE_CONNECTION):
        client = await connected(home, port)
        for _ in range(start, min(start + ATTEMPTS_ON_ONE_CONNECTION, attempts)):
            pair = [(known, NAME), (unknown, f"nobody{random.getrandbits(32)}")]
            random.shuffle(pair)
            for times, name in pair:
                times.append(await WAYS[way](client, name))
        client.abort()
    return Found(rank_sum_p(known, unknown), median(known) - median(unknown))


async def compare(home: Path, build: str, way: str, attempts: int) -> bool:
    """Say what each run finds; return whether all of them find a difference."""
    async with serving(home, build) as port:
        for run in range(1, RUNS + 1):
            found = await measure(home, port, way, attempts)
            shown = f"p = {found.p:.3g}, medians {found.difference * 1000:+.3f} ms apart"
            print(f"{build:>13} {way:>8} run {run}: {shown}", flush=True)
            if not found.is_leak:
                return False
    return True


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
