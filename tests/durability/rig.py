"""The real server in a process of its own, the sessions that are cut short, and the cutting."""

import json
import os
import poplib
import signal
import smtplib
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from pillarbox.app.home import Home
from tests.durability.judge import (
    MESSAGES,
    MROSE,
    OTHER,
    Letter,
    copy_home,
    delivery_faults,
    look,
    removal_faults,
    torn_blobs,
)
from tests.durability.shared import records, shared_faults
from tests.peers.program import DEADLINE, LOOPBACK, Process, descendants, run
from tests.peers.strace import inject, tracer

ROOT = Path(__file__).parents[2]
PASSWORD = "correct horse battery"
SENT = MESSAGES[:3]
MARKED = (1, 3, 4)

SOUND = [sys.executable, "-m", "pillarbox"]


def build(*names: str) -> list[str]:
    """Give the command of a build that `broken_build` makes."""
    return [sys.executable, "-m", "tests.durability.broken_build", "+".join(names)]


def environment(*, is_counted: bool = False) -> dict[str, str]:
    """Give our environment; where calls are counted, without coverage, which would add its own.

    Nor is what ends by SIGKILL measured, and homes are made by commands that others measure.
    """
    return {
        name: value
        for name, value in os.environ.items()
        if not (is_counted and name.startswith("COVERAGE"))
    }


def command(folder: Path, *words: str, said: str = "") -> None:
    """Run a command of ours on a home to its good end."""
    done = run(
        [*SOUND, "--home", str(folder), *words],
        env=environment(is_counted=True),
        cwd=ROOT,
        said=said.encode(),
    )

    assert 0 == done.code, done.err.decode(errors="replace")


def make_home(folder: Path) -> Path:
    """Make a home with two accounts and an empty maildrop for each."""
    command(folder, "init")
    configuration = Home(folder).configuration
    text = configuration.read_text("utf-8")
    for port in ("1110", "1995", "1024"):
        text = text.replace(f"{LOOPBACK}:{port}", f"{LOOPBACK}:0")
    text = text.replace("without_tls = false", "without_tls = true")
    configuration.write_text(text, "utf-8")
    for account in (MROSE, OTHER):
        command(folder, "account", "add", account, "--password-stdin", said=PASSWORD + "\n")
    return folder


def fill(folder: Path) -> Path:
    """Put the five messages into the first account's maildrop."""
    files = write_files(folder.with_name(folder.name + "-files"))
    command(folder, "deliver", MROSE, *map(str, files))
    return folder


def share(folder: Path) -> Path:
    """Give the first account a second view: a device, which has had nothing."""
    command(folder, "device", "add", MROSE, "phone")
    return folder


def write_files(folder: Path) -> list[Path]:
    """Write the five messages as files."""
    folder.mkdir(exist_ok=True)
    files = [folder / f"{number}.eml" for number in range(len(MESSAGES))]
    for file, octets in zip(files, MESSAGES, strict=True):
        file.write_bytes(octets)
    return files


def existing(folder: Path) -> list[str]:
    """Give the files that are there."""
    return [str(path) for path in folder.rglob("*") if path.is_file()]


@dataclass(frozen=True, slots=True)
class Serving:
    """A server that listens."""

    process: Process
    pid: int  # the server's own, where the process is its tracer
    pop3: int
    lmtp: int


@contextmanager
def serving(
    folder: Path, program: list[str], wrap: Callable[[list[str]], list[str]] = list
) -> Iterator[Serving]:
    """Run a server, if wished under a tracer; it is killed at the end."""
    listeners = Home(folder).listeners
    listeners.unlink(missing_ok=True)
    words = wrap([*program, "--home", str(folder), "serve"])
    output = folder.with_name(folder.name + ".out")
    with Process(words, env=environment(is_counted=True), output=output, cwd=ROOT) as process:
        try:
            process.wait_until(listeners.exists)
            found = json.loads(listeners.read_text("ascii"))
            children = descendants(process.pid)
            pid = process.pid if not children else children[-1]
            yield Serving(process, pid, found["pop3"][0][1], found["lmtp"][0][1])
        finally:
            process.kill()


def finish(server: Serving) -> None:
    """End a server in good order, and so its tracer, whose trace is whole then."""
    os.kill(server.pid, signal.SIGTERM)
    server.process.wait()


@contextmanager
def tampering(server: Serving, syscall: str, how: str) -> Iterator[None]:
    """Tamper with the system calls of a running server's disk threads, counted from now on.

    The event loop's thread is left alone: it writes the journal and wakes the others.
    """
    _wake_disk_thread(server)
    threads = [int(each.name) for each in Path(f"/proc/{server.pid}/task").iterdir()]
    threads.remove(server.pid)
    words = [
        *(tracer(), "-qq", "-o", "/dev/null", "-e", f"trace={syscall}", "-e", "signal=none"),
        *("-e", f"inject={syscall}:{how}"),
        *(word for each in threads for word in ("-p", str(each))),
    ]
    output = server.process.output.with_suffix(".strace")
    with Process(words, env=environment(), output=output) as tracing:
        tracing.wait_until(lambda: all(_is_traced(server.pid, each) for each in threads))
        yield


def _wake_disk_thread(server: Serving) -> None:
    """Have the server look a recipient up, for which it starts a thread."""
    with smtplib.LMTP(LOOPBACK, server.lmtp, timeout=DEADLINE) as client:
        client.ehlo_or_helo_if_needed()
        client.mail("author@example.org")
        client.rcpt(MROSE)


def _is_traced(pid: int, thread: int) -> bool:
    text = Path(f"/proc/{pid}/task/{thread}/status").read_text("ascii", "replace")
    return "TracerPid:\t0\n" not in text


@dataclass(slots=True)
class Told:
    """What a client heard."""

    sent: list[Letter] = field(default_factory=list)
    acknowledged: list[Letter] = field(default_factory=list)
    codes: list[int] = field(default_factory=list)


def send_by_lmtp(server: Serving, told: Told) -> None:
    """Send three messages to two recipients each, until the server's end."""
    with suppress(smtplib.SMTPServerDisconnected, ConnectionError):
        client = smtplib.LMTP(LOOPBACK, server.lmtp, timeout=DEADLINE)
        try:
            client.ehlo_or_helo_if_needed()
            for octets in SENT:
                _send(client, octets, told)
        finally:
            client.close()


def _send(client: smtplib.LMTP, octets: bytes, told: Told) -> None:
    client.mail("author@example.org")
    for account in (MROSE, OTHER):
        client.rcpt(f"{account}@example.org")
    told.sent += [Letter(account, octets) for account in (MROSE, OTHER)]
    reply = client.data(octets)
    for account in (MROSE, OTHER):
        told.codes.append(reply[0])
        if reply[0] == 250:
            told.acknowledged.append(Letter(account, octets))
        if account == MROSE:
            reply = client.getreply()  # smtplib reads one reply, LMTP has one a recipient


def remove_by_pop3(server: Serving) -> bytes:
    """Mark three messages and QUIT; give the reply, nothing where the server ended before it."""
    with suppress(ConnectionError):
        client = poplib.POP3(LOOPBACK, server.pop3, timeout=DEADLINE)
        try:
            client.user(MROSE)
            client.pass_(PASSWORD)
            for number in MARKED:
                client.dele(number)
            return client.quit()
        except poplib.error_proto as fault:
            reply = fault.args[0]
            return reply if isinstance(reply, bytes) else b""  # poplib's own words are a string
        finally:
            client.close()
    return b""


@dataclass(frozen=True, slots=True)
class Cut:
    """A session that was cut short, or was not, as it has fewer such calls."""

    is_reached: bool
    faults: list[str]


def cut_lmtp(home: Path, folder: Path, program: list[str], syscall: str, when: int) -> Cut:
    """Kill a server at a call of a delivery, and look."""
    copy_home(home, folder)
    told = Told()
    with serving(folder, program) as server:
        with tampering(server, syscall, f"signal=SIGKILL:when={when}"):
            send_by_lmtp(server, told)
        is_reached = _is_killed(server, is_whole=len(told.codes) == 2 * len(SENT))
    faults = delivery_faults(look(folder), told.sent, told.acknowledged)
    if not is_reached and set(told.codes) != {250}:
        faults.append(f"nothing was cut, and it said {told.codes}")
    return Cut(is_reached, faults + torn_blobs(folder))


def cut_quit(home: Path, folder: Path, program: list[str], syscall: str, when: int) -> Cut:
    """Kill a server at a call of a QUIT that removes, and look."""
    copy_home(home, folder)
    before = look(folder)[MROSE]
    marked = {before[number - 1].unique_id for number in MARKED}
    with serving(folder, program) as server:
        with tampering(server, syscall, f"signal=SIGKILL:when={when}"):
            reply = remove_by_pop3(server)
        is_reached = _is_killed(server, is_whole=bool(reply))
    after = look(folder)[MROSE]
    is_promised = reply.startswith(b"+OK")
    faults = removal_faults(before, after, marked, is_promised=is_promised)
    if not is_reached and not is_promised:
        faults.append(f"nothing was cut, and it said {reply!r}")
    return Cut(is_reached, faults + torn_blobs(folder))


def cut_shared_quit(home: Path, folder: Path, program: list[str], syscall: str, when: int) -> Cut:
    """Kill a server at a call of a QUIT in one of two views, and look at both."""
    copy_home(home, folder)
    before = records(folder)
    with serving(folder, program) as server:
        with tampering(server, syscall, f"signal=SIGKILL:when={when}"):
            reply = remove_by_pop3(server)
        is_reached = _is_killed(server, is_whole=bool(reply))
    is_promised = reply.startswith(b"+OK")
    faults = shared_faults(before, records(folder), is_promised=is_promised)
    if not is_reached and not is_promised:
        faults.append(f"nothing was cut, and it said {reply!r}")
    return Cut(is_reached, faults + torn_blobs(folder))


def cut_deliver(home: Path, folder: Path, program: list[str], syscall: str, when: int) -> Cut:
    """Kill `pillarbox deliver` at a call, and look."""
    copy_home(home, folder)
    files = write_files(folder.with_name(folder.name + "-files"))
    words = [*program, "--home", str(folder), "deliver", MROSE, *map(str, files)]
    done = run(inject(words, syscall, when), env=environment(is_counted=True), cwd=ROOT)
    sent = [Letter(MROSE, octets) for octets in MESSAGES]
    faults = delivery_faults(look(folder), sent, sent if done.code == 0 else [])
    if done.code not in (0, -signal.SIGKILL):
        faults.append(f"it ended with {done.code}: {done.err!r}")
    return Cut(done.code == -signal.SIGKILL, faults + torn_blobs(folder))


def _is_killed(server: Serving, *, is_whole: bool) -> bool:
    if not is_whole:
        server.process.wait()
    return server.process.code is not None
