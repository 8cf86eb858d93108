"""A store in memory, for tests: real code under the same contract as the embedded one."""

import threading
from collections.abc import Collection, Sequence

from pillarbox.base.names import AccountId, Identity, SessionId
from pillarbox.store.blobs.port import BlobReader, Blobs, Digest
from pillarbox.store.incoming import SurveyedIncoming
from pillarbox.store.store import Kept, MaildropInUseError, Message, MessageId
from pillarbox.store.unique_id import new_unique_id


class MemoryStore:
    """Maildrops in memory, shared by threads."""

    def __init__(self, blobs: Blobs) -> None:
        self._blobs = blobs
        self._lock = threading.Lock()
        self._last_id = 0
        self._maildrops: dict[AccountId, list[Message]] = {}
        self._leased: set[AccountId] = set()

    def incoming(self) -> SurveyedIncoming:
        """Return a place for one new message."""
        return SurveyedIncoming(self._blobs)

    def deliver(self, kept: Kept, account: AccountId) -> str:
        """Add a kept message to an account's maildrop; return its unique-id."""
        unique_id = new_unique_id()
        with self._lock:
            self._last_id += 1
            message = Message(MessageId(self._last_id), unique_id, kept.digest, kept.form)
            self._maildrops.setdefault(account, []).append(message)
        return unique_id

    def read(self, digest: Digest) -> BlobReader:
        """Return a reader of a message's octets as they came; raises StoreFault."""
        return self._blobs.open(digest)

    def open_maildrop(
        self, identity: Identity, session: SessionId | None = None
    ) -> "MemoryMaildrop":
        """Take the lease and the view; raises MaildropInUseError."""
        del session
        account = identity.account
        with self._lock:
            if account in self._leased:
                raise MaildropInUseError("The maildrop is in use.")
            self._leased.add(account)
            return MemoryMaildrop(self, account, tuple(self._maildrops.get(account, ())))

    def remove(self, account: AccountId, marked: Collection[Message]) -> None:
        """Remove these messages from a maildrop, at once."""
        marked_ids = {message.id for message in marked}
        with self._lock:
            maildrop = self._maildrops.get(account, [])
            maildrop[:] = [message for message in maildrop if message.id not in marked_ids]

    def give_back(self, account: AccountId) -> None:
        """End a lease."""
        with self._lock:
            self._leased.discard(account)


class MemoryMaildrop:
    """A view that was copied once, and the lease that makes it ours."""

    expire_days = None

    def __init__(self, store: MemoryStore, account: AccountId, messages: Sequence[Message]) -> None:
        self._store = store
        self._account = account
        self._is_released = False
        self.messages = messages

    def commit(self, marked: Collection[Message], had: Collection[Message] = ()) -> None:
        """Remove what is marked and nothing else."""
        del had
        self._store.remove(self._account, marked)

    def release(self) -> None:
        """Give the lease back; nothing is removed by it. Harmless when done twice."""
        if not self._is_released:  # by now the lease may be another session's
            self._is_released = True
            self._store.give_back(self._account)
