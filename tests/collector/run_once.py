"""One collection as a process of its own, so that it can be killed: python -m ... HOME PORT ...

Says one line when the plan is made, one for each message when it is durable, and at the end the
result as JSON.
"""

import argparse
import asyncio
import json
import sys
from contextlib import suppress
from pathlib import Path

from pillarbox.accounts.remote_settings import LeavePolicy, Protocol
from pillarbox.archive.keep import Archive, Filed
from pillarbox.base.secret import Secret
from pillarbox.client.server import Server, Tls
from pillarbox.collector.collect import Collector
from pillarbox.collector.intake import Keepers
from pillarbox.collector.outcome import Result
from pillarbox.collector.progress import Silent
from pillarbox.collector.source import Source
from tests.archive.home import ACCOUNT, REMOTE, Home, open_home
from tests.collector.broken_builds import DoublingArchive, LosingArchive

BUILDS = {"true": Archive, "losing": LosingArchive, "doubling": DoublingArchive}


class Told(Silent):
    """Says on stdout what happens, in the moment when it does."""

    def planned(self, messages: int, octets: int) -> None:
        sys.stdout.write(f"planned {messages}\n")
        sys.stdout.flush()

    def kept(self, filed: Filed) -> None:
        sys.stdout.write(f"kept {filed.unique_id}\n")
        sys.stdout.flush()


async def collect(home: Home, source: Source, build: str) -> Result:
    keepers = Keepers(BUILDS[build](home.store, home.database, home.clock))
    collector = Collector(keepers, home.ledger, home.folder / "run", home.clock)
    try:
        return (await collector.run(source, Told(), resumes=0))[0]
    finally:
        keepers.close()


def read_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    parser.add_argument("home", type=Path)
    parser.add_argument("port", type=int)
    parser.add_argument("tls", type=Tls)
    parser.add_argument("ca", type=Path)
    parser.add_argument("--delete-after-days", type=int)
    parser.add_argument("--build", choices=BUILDS, default="true")
    parser.add_argument("--imap", action="store_true")
    return parser.parse_args()


def peak_kilobytes() -> int:
    """Return the most memory that this program had; what its parent had before exec is not in it.

    0 where the system does not say.
    """
    with suppress(OSError):
        for line in Path("/proc/self/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1])
    return 0


def main(opened: Home, arguments: argparse.Namespace) -> int:
    server = Server("127.0.0.1", arguments.port, arguments.tls, arguments.ca)
    policy = LeavePolicy(arguments.delete_after_days)
    protocol = Protocol.IMAP if arguments.imap else Protocol.POP3
    password = Secret(b"correct horse")
    source = Source(REMOTE, ACCOUNT, server, "mrose", password, policy, protocol=protocol)
    result = asyncio.run(collect(opened, source, arguments.build))
    told = {"collected": result.collected, "known": result.known, "removed": result.removed}
    told["peak_kilobytes"] = peak_kilobytes()
    sys.stdout.write(json.dumps({**told, "fault": str(result.fault or "")}) + "\n")
    return int(result.outcome)


if __name__ == "__main__":
    read = read_arguments()
    sys.exit(main(open_home(read.home), read))
