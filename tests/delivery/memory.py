"""How much memory a program of its own needs for a large message: run with `python -m`.

VmHWM is the most that was resident since the program began; unlike ru_maxrss it starts anew with
the program, and says nothing of the one that started it.
"""

import asyncio
import sys
from pathlib import Path

from pillarbox.base.names import AccountId
from pillarbox.store.files import Delivered, FileDelivery
from tests.delivery.desk import Desk, Given, served

STATUS = Path("/proc/self/status")


def peak_octets() -> int:
    """Return the most octets that were resident in this process."""
    line = next(line for line in STATUS.read_text().splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) * 1024


def deliver_files(desk: Desk, small: Path, large: Path) -> None:
    """Deliver a small file, then a large one, and say what the large one added."""
    deliver(desk, small)
    before = peak_octets()
    deliver(desk, large)
    print(peak_octets() - before)


def deliver(desk: Desk, path: Path) -> None:
    results = list(FileDelivery(desk, AccountId(1), [path]).run())
    assert [Delivered] == [type(result) for result in results]


async def serve(desk: Desk) -> None:
    """Serve; a line on stdin asks for the peak so far, the end of stdin ends it."""
    async with served(desk) as place:
        print(place.port, flush=True)
        while await asyncio.to_thread(sys.stdin.readline):
            print(peak_octets(), flush=True)


def main() -> None:
    folder, *paths = (Path(argument) for argument in sys.argv[1:])
    desk = Desk(folder, Given(["mrose"]))
    if paths:
        deliver_files(desk, *paths)
    else:
        asyncio.run(serve(desk))
    desk.close()


if __name__ == "__main__":
    main()
