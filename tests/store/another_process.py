"""Another process on the same store: `hold` a maildrop until killed, or `deliver` messages."""

import sys
from pathlib import Path

from pillarbox.base.clock import FakeClock
from pillarbox.base.names import AccountId, Identity
from pillarbox.db.sqlite import Database
from pillarbox.store.blobs.files import FileBlobs
from pillarbox.store.disk import Disk
from pillarbox.store.sqlite import SqliteStore


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def main(what: str, home: Path, count: int) -> None:
    blobs = FileBlobs(home / "blobs", Disk())
    store = SqliteStore(Database(home / "pillarbox.db"), blobs, home / "leases", FakeClock())
    maildrop = store.open_maildrop(Identity(AccountId(1))) if what == "hold" else None
    say("ready")
    sys.stdin.readline()
    for number in range(count):
        with store.incoming() as incoming:
            incoming.write(f"Subject: {number}\r\n\r\n".encode())
            kept = incoming.keep()
        say(store.deliver(kept, AccountId(1)))
    if maildrop is not None:
        maildrop.release()


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]))
