"""Each device sees its own maildrop over the same messages; what every store promises of it."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pillarbox.base.names import AccountId, DeviceId, Identity
from pillarbox.store.blobs.memory import MemoryBlobs
from pillarbox.store.memory import MemoryStore
from pillarbox.store.store import MaildropInUseError, Store
from pillarbox.store.views.policy import Role
from tests.store.devices import Household

MROSE = AccountId(1)
MAIN = Identity(MROSE)
AddDevice = Callable[[Role], Identity]


@pytest.fixture
def household(tmp_path: Path) -> Iterator[Household]:
    made = Household(tmp_path)
    yield made
    made.database.close()


@pytest.fixture(params=["memory", "sqlite"])
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def store(kind: str, household: Household) -> Store:
    return MemoryStore(MemoryBlobs()) if kind == "memory" else household.store


@pytest.fixture
def add_device(store: Store, household: Household) -> AddDevice:
    numbers = iter(range(1, 10))

    def add(role: Role) -> Identity:
        if not isinstance(store, MemoryStore):
            return household.add_device(role)
        identity = Identity(MROSE, DeviceId(next(numbers)))
        store.add_view(identity, role)
        return identity

    return add


def deliver(store: Store) -> str:
    with store.incoming() as incoming:
        incoming.write(b"Subject: hello\r\n\r\n")
        return store.deliver(incoming.keep(), MROSE)


def visit(store: Store, who: Identity, *, marks: bool = False, has: bool = False) -> list[str]:
    """Log in and QUIT; RETR or DELE all of it; return what was shown."""
    maildrop = store.open_maildrop(who)
    messages = maildrop.messages
    maildrop.commit(messages if marks else (), messages if has else ())
    maildrop.release()
    return [message.unique_id for message in messages]


def test_what_a_reader_marks_is_hidden_from_it_alone(store: Store, add_device: AddDevice) -> None:
    desktop, phone = add_device(Role.MASTER), add_device(Role.READER)
    message = deliver(store)

    assert [message] == visit(store, phone, marks=True)
    assert [] == visit(store, phone)
    assert [message] == visit(store, desktop)


def test_what_a_master_marks_is_shown_to_the_others_until_they_have_it(
    store: Store, add_device: AddDevice
) -> None:
    desktop, phone = add_device(Role.MASTER), add_device(Role.READER)
    message = deliver(store)

    visit(store, desktop, marks=True)

    assert [] == visit(store, desktop)
    assert [message] == visit(store, phone, has=True)
    assert [] == visit(store, phone)


def test_a_device_that_has_a_message_sees_it_until_somebody_removes_it(
    store: Store, add_device: AddDevice
) -> None:
    desktop, phone = add_device(Role.MASTER), add_device(Role.READER)
    message = deliver(store)
    visit(store, phone, has=True)

    assert [message] == visit(store, phone)
    visit(store, desktop, marks=True)
    assert [] == visit(store, phone)


def test_what_every_device_marked_is_gone_for_a_new_one(
    store: Store, add_device: AddDevice
) -> None:
    first, second = add_device(Role.READER), add_device(Role.READER)
    message = deliver(store)

    for device in (first, second):
        assert [message] == visit(store, device, marks=True)

    assert [] == visit(store, add_device(Role.READER))


def test_two_devices_may_be_in_at_once_and_the_same_one_may_not(
    store: Store, add_device: AddDevice
) -> None:
    phone, desktop = add_device(Role.READER), add_device(Role.READER)
    message = deliver(store)
    session = store.open_maildrop(phone)

    assert [message] == visit(store, desktop)
    assert [message] == visit(store, MAIN)
    with pytest.raises(MaildropInUseError):
        store.open_maildrop(phone)
    session.release()
    assert [message] == visit(store, phone)


def test_what_another_device_removes_stays_in_a_session_that_is_open(
    store: Store, add_device: AddDevice
) -> None:
    desktop, phone = add_device(Role.MASTER), add_device(Role.READER)
    message = deliver(store)
    session = store.open_maildrop(phone)
    visit(store, desktop, marks=True)
    reader = store.read(session.messages[0].digest)

    assert [message] == [each.unique_id for each in session.messages]
    assert b"Subject: hello\r\n\r\n" == reader.read(100)
    reader.close()
    session.commit((), session.messages)
    session.release()
    assert [] == visit(store, phone)


def test_a_session_that_is_dropped_leaves_nothing_on_record(
    store: Store, add_device: AddDevice
) -> None:
    desktop, phone = add_device(Role.MASTER), add_device(Role.READER)
    message = deliver(store)
    store.open_maildrop(phone).release()
    visit(store, desktop, marks=True)

    assert [message] == visit(store, phone)
