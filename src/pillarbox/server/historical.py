"""What POP1 and POP2 share: the life of a session, and the one mailbox that it can open. Pure."""

from collections.abc import Callable, Generator, Sequence
from enum import Enum
from typing import Any, TypeVar

from pillarbox.base.errors import Bug
from pillarbox.base.names import Identity
from pillarbox.base.secret import Secret
from pillarbox.sasl.exchange import Refusal, TryPassword
from pillarbox.sasl.facts import USER
from pillarbox.server.effects import (
    Closed,
    Commit,
    Effect,
    Effects,
    NoteRefused,
    Opened,
    OpenMaildrop,
    Receive,
    Watch,
    unwatched,
)
from pillarbox.server.refusals import REFUSALS
from pillarbox.store.store import Message
from pillarbox.wire.pop3.events import Fault
from pillarbox.wire.table import TableConversation

MAILBOX = "INBOX"  # in either case; an account has no other

S = TypeVar("S", bound=Enum)
E = TypeVar("E")


def converse(
    conversation: TableConversation[S, E],
    handle: Callable[[E | Fault], Effects],
    watch: Watch = unwatched,
) -> Effects:
    """Hand over what the client says until the session is over."""
    while not conversation.is_over:
        event = conversation.next_event()
        if event is not None:
            watch(event)
            yield from handle(event)
            continue
        octets = yield Receive()
        if octets:
            conversation.feed(octets)
        else:
            conversation.end()  # the driver gives the lease back; nothing is removed by that


class Mailbox:
    """The account's maildrop: open under its lease with a fixed view, or closed and empty."""

    def __init__(self) -> None:
        self.messages: Sequence[Message] = ()
        self._identity: Identity | None = None
        self._is_open = False

    def log_in(self, name: str, password: Secret) -> Generator[Effect, Any, str]:
        """Let somebody in and open the maildrop; return why not, "" where all is well."""
        outcome: Identity | Refusal = yield TryPassword(name, password)
        if isinstance(outcome, Refusal):
            if outcome is Refusal.NOT_ACCEPTED:
                yield NoteRefused(USER)
            return REFUSALS[outcome][0]
        self._identity = outcome
        return (yield from self.open())

    def open(self) -> Generator[Effect, Any, str]:
        """Take the lease and the view, unless they are here; return why not."""
        if self._is_open:
            return ""
        if self._identity is None:
            raise Bug("Nobody has logged in.")
        opened: Opened | Closed = yield OpenMaildrop(self._identity, USER)
        if isinstance(opened, Closed):
            return REFUSALS[opened][0]
        self.messages = opened.messages
        self._is_open = True
        return ""

    def close(
        self, marked: Sequence[Message] = (), had: Sequence[Message] = ()
    ) -> Generator[Effect, Any, bool]:
        """Remove what is marked and give the lease back; return whether that is durable.

        `had` is what the client has said it received.
        """
        if not self._is_open:
            return True
        self.messages = ()
        self._is_open = False
        is_removed: bool = yield Commit(marked, had)
        if not is_removed:
            yield Commit(())  # the lease goes all the same
        return is_removed


def is_mailbox(name: str) -> bool:
    """Return whether a client names the one mailbox."""
    return name.upper() == MAILBOX
