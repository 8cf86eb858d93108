"""Real programs whose packages do not go with those of the machine, in a root of their own.

The machine's files lie below (an overlay), the packages' files above them, and all that is written
goes into the test's folder. Mounts and processes are in namespaces of their own and end with the
test; the network is the machine's. Only root may do that: elsewhere the tests skip.
"""

import os
import shutil
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from tempfile import mkdtemp
from types import TracebackType
from typing import Self

import pytest

from tests.peers.program import (
    LOOPBACK,
    EndedFault,
    PortTakenFault,
    Process,
    bind_by_trying,
    environment,
    find,
    run,
)

UNPACKED = Path(__file__).parents[2] / ".unpacked"
ACCOUNT, PASSWORD = "mrose", "correct horse"
USER_ID = 4_321  # nobody's on Debian, and the root is the test's
TAKEN = "Address already in use"

ENTER = """\
mount -t overlay overlay -o lowerdir=/,upperdir={folder}/upper,workdir={folder}/work {folder}/root
mount --rbind /dev {folder}/root/dev
mount -t proc proc {folder}/root/proc
exec chroot {folder}/root /bin/sh -c '{script}'
"""
ISOLATED = ("unshare", "--mount", "--pid", "--fork", "--kill-child", "--propagation", "private")


class OwnRoot:
    """Runs one shell script in a root with one account, until the block ends."""

    def __init__(self) -> None:
        self.folder = Path()
        self.process: Process
        self._stack = ExitStack()

    @property
    def upper(self) -> Path:
        """What lies above the machine's files."""
        return self.folder / "upper"

    def __enter__(self) -> Self:
        if os.geteuid() != 0 or not UNPACKED.exists():
            pytest.skip("only root can give Courier and popa3d a root; install.sh unpacks them")
        self.folder = Path(mkdtemp(prefix="peer-"))
        self._stack.callback(shutil.rmtree, self.folder)
        for name in ("work", "root"):
            (self.folder / name).mkdir()
        shutil.copytree(UNPACKED, self.upper, symlinks=True)
        self._add_users()
        self._require_mounts()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stack.close()

    def run(self, script: str, ports: Sequence[int]) -> None:
        """Start the script, and return when somebody listens on each port."""
        self.process = self._stack.enter_context(
            Process(
                self._command(script), env=environment(self.folder), output=self.folder / "output"
            )
        )
        try:
            for port in ports:
                self.process.wait_until_listening(port)
        except EndedFault as fault:
            if TAKEN in self.process.said().decode(errors="replace"):
                raise PortTakenFault(str(fault)) from fault
            raise

    def own(self, path: Path) -> None:
        """Give a file to the account."""
        os.chown(path, USER_ID, USER_ID)

    def _command(self, script: str) -> list[str]:
        find("unshare")
        return [*ISOLATED, "sh", "-e", "-c", ENTER.format(folder=self.folder, script=script)]

    def _require_mounts(self) -> None:
        done = run(self._command("true"), env=environment(self.folder))
        if done.code:
            pytest.skip(
                f"a root of its own cannot be had here: {done.err.decode(errors='replace')}"
            )

    def _add_users(self) -> None:
        etc = self.upper / "etc"
        hashed = run(
            [find("openssl"), "passwd", "-6", "-stdin"],
            env=environment(self.folder),
            said=PASSWORD.encode() + b"\n",
        ).out.decode("ascii")
        users = [("root", 0, "/root"), ("mail", 8, "/"), (ACCOUNT, USER_ID, f"/home/{ACCOUNT}")]
        users += [("popa3d", USER_ID + 1, "/var/lib/popa3d"), ("courier", USER_ID + 2, "/")]
        passwd = "".join(f"{name}:x:{id_}:{id_}::{home}:/bin/sh\n" for name, id_, home in users)
        (etc / "passwd").write_text(passwd, "ascii")
        (etc / "group").write_text("".join(f"{u[0]}:x:{u[1]}:\n" for u in users), "ascii")
        (etc / "shadow").write_text(f"{ACCOUNT}:{hashed.strip()}:20000:0:99999:7:::\n", "ascii")
        (etc / "shadow").chmod(0o600)
        for name in ("home", f"home/{ACCOUNT}", "var/mail", "var/lib/popa3d"):
            (self.upper / name).mkdir(parents=True, exist_ok=True)
        self.own(self.upper / "home" / ACCOUNT)


class Server:
    """A server in a root of its own, until the block ends; `_begin` furnishes and runs it."""

    def __init__(self) -> None:
        self._root: OwnRoot
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        bind_by_trying(self._start)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stack.close()

    def _start(self) -> None:
        self._stack.close()
        self._root = self._stack.enter_context(OwnRoot())
        self._begin()

    def _begin(self) -> None:
        raise NotImplementedError


def listener(port: int, program: str) -> str:
    """Give the shell words that run a program for each connection to a port of loopback."""
    options = "-maxprocs=20 -maxperip=20 -nodnslookup -noidentlookup"
    return f"couriertcpd -address={LOOPBACK} {options} {port} {program}"
