"""What two views of one account show after a QUIT was cut short, and what is wrong with it."""

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from pillarbox.app.home import Home
from pillarbox.base.names import DeviceId, Identity
from pillarbox.db.sqlite import Database
from tests.durability.judge import MROSE, store_of

MARKED_COUNT = 3
MESSAGE_COUNT = 5
RECORDS = (
    "SELECT id FROM messages WHERE removal_wanted_at IS NOT NULL",
    "SELECT message_id FROM view_messages",
    "SELECT id FROM removals",
    "SELECT id FROM audit WHERE event = 'messages.removed'",
)


@dataclass(frozen=True, slots=True)
class Records:
    """What two views show, by unique-id, and how many rows tell of removals."""

    main: Sequence[str]
    device: Sequence[str]
    wanted: int  # messages that a master marked
    known: int  # what a view has had or hidden
    removals: int
    audited: int


def records(folder: Path) -> Records:
    """Give what two views show, and the records; raises StoreFault."""
    with store_of(folder) as (store, accounts):
        account = accounts.show(MROSE).id
        with closing(Database(Home(folder).database)) as database, database.reading() as rows:
            ((device,),) = rows.all("SELECT id FROM devices")
            counts = [len(rows.all(query)) for query in RECORDS]
        shown = [store.shown(Identity(account, each)) for each in (None, DeviceId(device))]
    main, phone = ([message.unique_id for message in messages] for messages in shown)
    return Records(main, phone, *counts)


def shared_faults(before: Records, after: Records, *, is_promised: bool) -> list[str]:
    """Say what is wrong: neither as before, nor with all that belongs to the removal."""
    gone = len(before.main) - len(after.main)
    known = {MARKED_COUNT, MESSAGE_COUNT} if gone else {0}  # with what was taken, or without
    told = {"wanted": after.wanted, "on record": after.removals}
    faults = [f"{count} are {word}" for word, count in told.items() if count != gone]
    if gone not in (0, MARKED_COUNT):
        faults.append(f"{gone} of {MARKED_COUNT} marked messages are gone")
    if after.known not in known:
        faults.append(f"{after.known} messages are known")
    if list(before.device) != list(after.device):
        faults.append("the other view changed")
    if after.audited != (1 if gone else 0):
        faults.append("the audit does not tell it")
    if is_promised and not gone:
        faults.append("a removal was promised and is undone")
    return faults
