"""A change with its line in the audit, killed at its n-th statement.

    python -m tests.durability.cut_audit revoke HOME FOLDER

As cut_store: a copy of HOME for every n, each named n below FOLDER; the last n is the first that
is not reached, and is printed. `revoke-apart` is the build whose line has a transaction of its own.
"""

import signal
import sys
from collections.abc import Callable
from pathlib import Path
from unittest.mock import patch

from pillarbox.accounts import devices
from pillarbox.app.build import opened
from pillarbox.app.home import Home
from pillarbox.base.names import AccountId
from pillarbox.db.sqlite import Rows
from pillarbox.journal.audit import Fact, append
from tests.durability.cut_store import MOST, Cut, database_cut_by, in_child
from tests.durability.judge import MROSE, copy_home

DEVICE = "phone"


def revoke(folder: Path) -> None:
    """Revoke a device."""
    with opened(Home(folder)) as system:
        system.devices.revoke(MROSE, DEVICE)


def revoke_apart(folder: Path) -> None:
    """Revoke a device and tell it in another transaction, as must not be."""
    later: list[Callable[[Rows], None]] = []

    def note(
        _rows: Rows, at: int, event: str, account: AccountId | None = None, **facts: Fact
    ) -> None:
        later.append(lambda rows: append(rows, at, event, account, **facts))

    with patch.object(devices, "append", note), opened(Home(folder)) as system:
        system.devices.revoke(MROSE, DEVICE)
        system.database.write(later[0])


def remove(folder: Path) -> None:
    """Remove a remote, with its password."""
    with opened(Home(folder)) as system:
        system.remotes.remove("there")


SCRIPTS = {"revoke": revoke, "revoke-apart": revoke_apart, "remove": remove}


def main(name: str, home: Path, folder: Path) -> int:
    """Kill at every statement; give the first number that was not reached."""
    for when in range(1, MOST):
        copy = copy_home(home, folder / str(when))
        cut = Cut(when, kills=True)

        def work(copy: Path = copy, cut: Cut = cut) -> int:
            with patch("pillarbox.app.build.Database", database_cut_by(cut)):
                SCRIPTS[name](copy)
            return 0

        code = in_child(work)
        if code == 0:
            return when
        if code != -signal.SIGKILL:
            sys.exit(f"The child ended with {code}.")
    sys.exit("There is no end of it.")


if __name__ == "__main__":
    name, home, folder = sys.argv[1:]
    sys.stdout.write(str(main(name, Path(home), Path(folder))))
