"""The programs that are measured, each told to leave mail on the server and to store it durably.

Nobody uses TLS: that would measure OpenSSL. Everybody logs in with the plain password.
"""

import os
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from bench.collect.measure import FailedFault, Run
from tests.peers.fetch import quote, write_secret
from tests.peers.program import LOOPBACK, environment, find

ACCOUNT, PASSWORD = "mrose", "correct horse"
FOLDERS = ("cur", "new", "tmp")  # of a Maildir


@dataclass(frozen=True, slots=True)
class Program:
    """`prepare` makes an empty home in a folder; `kept` counts the messages in it.

    What does not pipeline takes minutes for 2,000 messages that are 30 ms away.
    """

    name: str
    prepare: Callable[[Path, int, str | None], Run]
    kept: Callable[[Path], int]
    is_pipelining: bool = True


def _fetchmail(home: Path, port: int, _: str | None) -> Run:
    # Its fsync is its delivery agent's; this is the cheapest there is: one process, one file, no
    # rename, no sync of the folder.
    (home / "inbox").mkdir()
    lines = [
        "set no bouncemail",
        "set invisible",
        f"poll {LOOPBACK} protocol pop3 service {port} uidl auth password",
        f"  user {quote(ACCOUNT)} password {quote(PASSWORD)}",
        "  sslproto '' keep no rewrite no stripcr",
        f"  mda {quote(f'dd of={home}/inbox/$$ conv=fsync status=none')}",
    ]
    rc = write_secret(home / "fetchmailrc", "\n".join(lines) + "\n")
    return Run(
        [
            *(find("fetchmail"), "-f", str(rc), "--silent", "--nodetach", "--nosyslog"),
            *("--idfile", str(home / "fetchids"), "--pidfile", str(home / "pid")),
        ],
        environment(home, FETCHMAILHOME=str(home)),
        home,
    )


def _mpop(home: Path, port: int, _: str | None) -> Run:
    _make_maildir(home / "maildir")
    lines = [
        "account peer",
        f"host {LOOPBACK}",
        f"port {port}",
        f"user {quote(ACCOUNT)}",
        f"password {quote(PASSWORD)}",
        "auth user",
        "tls off",
        f"uidls_file {quote(home / 'uidls')}",
        "keep on",
        "received_header off",
        f"delivery maildir {quote(home / 'maildir')}",
    ]
    rc = write_secret(home / "mpoprc", "\n".join(lines) + "\n")
    return Run([find("mpop"), "-C", str(rc), "--quiet", "peer"], environment(home), home)


def _getmail(home: Path, port: int, user: str | None) -> Run:
    _make_maildir(home / "maildir")
    lines = [
        "[retriever]",
        "type = SimplePOP3Retriever",
        f"server = {LOOPBACK}",
        f"port = {port}",
        f"username = {ACCOUNT}",
        f"password = {PASSWORD}",
        "[destination]",
        "type = Maildir",
        f"path = {home / 'maildir'}/",
        "[options]",
        "verbose = 0",
        "read_all = false",
        "delete = false",
        "delivered_to = false",
        "received = false",
    ]
    rc = write_secret(home / "getmailrc", "\n".join(lines) + "\n")
    _give(home, user)
    # It writes to no Maildir as root.
    command = [find("getmail"), "--getmaildir", str(home), "--rcfile", str(rc)]
    return Run(command, environment(home), home, user)


def _pillarbox(home: Path, port: int, _: str | None) -> Run:
    env = environment(home, PILLARBOX_HOME=str(home / "pillarbox"))
    program = [sys.executable, "-m", "pillarbox"]
    for words in (
        ("init", "--hostname", "localhost"),
        ("account", "add", ACCOUNT, "--password-stdin"),
        (
            *("remote", "add", "peer", "--server", f"{LOOPBACK}:{port}", "--user", ACCOUNT),
            *("--account", ACCOUNT, "--tls", "none", "--allow-password-without-tls"),
            "--password-stdin",
        ),
    ):
        done = subprocess.run(
            [*program, *words],
            input=f"{PASSWORD}\n".encode(),
            env=env,
            capture_output=True,
            check=False,
        )
        if done.returncode:
            why = f"pillarbox {words[0]}: {done.stderr.decode(errors='replace')}"
            raise FailedFault(why)
    return Run([*program, "collect"], env, home)


def _make_maildir(folder: Path) -> None:
    for name in FOLDERS:
        (folder / name).mkdir(parents=True)


def _give(home: Path, user: str | None) -> None:
    if user is not None:
        subprocess.run(["/bin/chown", "-R", user, str(home)], check=True)


def _files(folder: Path) -> int:
    return sum(1 for path in folder.iterdir() if path.is_file())


def _blobs(home: Path) -> int:
    named = re.compile("[0-9a-f]{2}")
    folders = (
        path for path in (home / "pillarbox" / "blobs").iterdir() if named.fullmatch(path.name)
    )
    return sum(_files(folder) for folder in folders)


PILLARBOX = "pillarbox"
PROGRAMS = (
    Program(PILLARBOX, _pillarbox, _blobs),
    Program("mpop", _mpop, lambda home: _files(home / "maildir" / "new")),
    Program(
        "getmail6", _getmail, lambda home: _files(home / "maildir" / "new"), is_pipelining=False
    ),
    Program("fetchmail", _fetchmail, lambda home: _files(home / "inbox"), is_pipelining=False),
)


def unprivileged(name: str) -> str | None:
    """Return the user to run as what will not run as root, None where we are not root."""
    return name if os.geteuid() == 0 else None
