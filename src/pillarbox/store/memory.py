"""A store in memory, for tests: real code under the same contract as the embedded one.

It has no clock: its views have roles, and no windows; what is wanted removed waits without an end.
"""

import threading
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field

from pillarbox.base.names import AccountId, Identity, SessionId
from pillarbox.store.blobs.port import BlobReader, Blobs, Digest
from pillarbox.store.incoming import SurveyedIncoming, keep_all
from pillarbox.store.store import Kept, MaildropInUseError, Message, MessageId
from pillarbox.store.unique_id import new_unique_id
from pillarbox.store.views.policy import SITE_DEFAULTS, Role, ViewPolicy
from pillarbox.store.views.visibility import Facts, is_shown, rule_of

NOW = 0  # whenever something happens
RULE = rule_of(SITE_DEFAULTS, ViewPolicy(), NOW)


@dataclass
class _View:
    """What one device knows."""

    role: Role
    had: set[MessageId] = field(default_factory=set)
    hidden: set[MessageId] = field(default_factory=set)


class MemoryStore:
    """Maildrops in memory, shared by threads."""

    def __init__(self, blobs: Blobs, expire_days: int | None = None) -> None:
        self.expire_days = expire_days  # that views announce; nothing leaves by it
        self._blobs = blobs
        self._lock = threading.Lock()
        self._last_id = 0
        self._maildrops: dict[AccountId, list[Message]] = {}
        self._views: dict[Identity, _View] = {}
        self._wanted: set[MessageId] = set()
        self._leased: set[Identity] = set()

    def incoming(self) -> SurveyedIncoming:
        """Return a place for one new message."""
        return SurveyedIncoming(self._blobs)

    def keep_all(self, messages: Sequence[bytes]) -> list[Kept]:
        """Return once several whole messages are durable; raises StoreFault."""
        return keep_all(self._blobs, messages)

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

    def add_view(self, identity: Identity, role: Role) -> None:
        """Add a device; the main password's view comes by itself where there is no device."""
        with self._lock:
            self._views[identity] = _View(role)

    def open_maildrop(
        self, identity: Identity, session: SessionId | None = None
    ) -> "MemoryMaildrop":
        """Take the lease and the view; raises MaildropInUseError."""
        del session
        with self._lock:
            view = self._views.setdefault(identity, _View(Role.MASTER))
            if identity in self._leased:
                raise MaildropInUseError("The maildrop is in use.")
            self._leased.add(identity)
            maildrop = self._maildrops.get(identity.account, ())
            messages = [message for message in maildrop if self._is_shown(message.id, view)]
            return MemoryMaildrop(self, identity, messages)

    def update(
        self, identity: Identity, marked: Collection[Message], had: Collection[Message]
    ) -> None:
        """Take messages out of a view, and of the maildrop where no view shows them any more."""
        marked_ids = {message.id for message in marked}
        with self._lock:
            view = self._views[identity]
            view.had |= marked_ids | {message.id for message in had}
            view.hidden |= marked_ids
            if view.role is Role.MASTER:
                self._wanted |= marked_ids
            maildrop = self._maildrops.get(identity.account, [])
            done = {each for each in marked_ids if not self._is_shown_anywhere(each, identity)}
            maildrop[:] = [message for message in maildrop if message.id not in done]

    def give_back(self, identity: Identity) -> None:
        """End a lease."""
        with self._lock:
            self._leased.discard(identity)

    def _is_shown(self, message: MessageId, view: _View) -> bool:
        times = [NOW if message in ids else None for ids in (self._wanted, view.had, view.hidden)]
        return is_shown(Facts(NOW, *times), RULE)

    def _is_shown_anywhere(self, message: MessageId, identity: Identity) -> bool:
        views = self._views_of(identity.account)
        return any(self._is_shown(message, view) for view in views)

    def _views_of(self, account: AccountId) -> Iterator[_View]:
        return (view for identity, view in self._views.items() if identity.account == account)


class MemoryMaildrop:
    """A view that was copied once, and the lease that makes it ours."""

    def __init__(self, store: MemoryStore, identity: Identity, messages: Sequence[Message]) -> None:
        self._store = store
        self._identity = identity
        self._is_released = False
        self.messages = messages
        self.expire_days = store.expire_days
        self.is_cut = False

    def commit(
        self,
        marked: Collection[Message],
        had: Collection[Message] = (),
        *,
        was_listed: bool = False,
    ) -> None:
        """Remove what is marked from this view, and have on record what the device has."""
        del was_listed
        self._store.update(self._identity, marked, had)

    def release(self) -> None:
        """Give the lease back; nothing is removed by it. Harmless when done twice."""
        if not self._is_released:  # by now the lease may be another session's
            self._is_released = True
            self._store.give_back(self._identity)
