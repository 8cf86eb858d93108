"""Broken servers, most with a mistake that a real one makes: the machine must find each."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from pillarbox.server.effects import Effects, Send
from pillarbox.server.transaction import Transaction, View
from pillarbox.store.memory import MemoryStore
from pillarbox.store.store import Message
from pillarbox.wire.pop3 import verbs
from pillarbox.wire.pop3.events import Event

Handle = Callable[[Transaction, Event], Effects]
Mutant = Callable[[Any], None]  # is given a MonkeyPatch


def handling(change: Callable[[Transaction, Event, Handle], Effects]) -> Mutant:
    """Return a mutant whose TRANSACTION takes commands in another way."""
    handle = Transaction.handle
    return lambda patch: patch.setattr(
        Transaction, "handle", lambda self, event: change(self, event, handle)
    )


def hearing(change: Callable[[Event], Event]) -> Mutant:
    """Return a mutant that takes a command for another."""
    return handling(lambda self, event, handle: handle(self, change(event)))


def _numbers_shift(self: Transaction, event: Event, handle: Handle) -> Effects:
    """WildDuck: after DELE 1, RETR 1 is the message that was the second."""
    if isinstance(event, verbs.Retr):
        left = [number for number, _ in self._unmarked()]
        event = replace(event, number=dict(enumerate(left, start=1)).get(event.number, 0))
    yield from handle(self, event)


def _list_counts_marked(self: Transaction, event: Event, handle: Handle) -> Effects:
    """Stalwart, Mailpit: LIST has what DELE has marked."""
    marked = set(self._marked)
    if event == verbs.List(None):
        self._marked.clear()
    yield from handle(self, event)
    self._marked |= marked


def _two_replies_to_rset(self: Transaction, event: Event, handle: Handle) -> Effects:
    """GreenMail."""
    yield from handle(self, event)
    if isinstance(event, verbs.Rset):
        yield Send(b"+OK\r\n")


def _marks_twice(self: Transaction, event: Event, handle: Handle) -> Effects:
    is_marked = isinstance(event, verbs.Dele) and event.number in self._marked
    yield from handle(self, verbs.Noop() if is_marked else event)


def _rset_forgets_nothing(event: Event) -> Event:
    return verbs.Noop() if isinstance(event, verbs.Rset) else event


def _top_0_sends_all(event: Event) -> Event:
    """Stalwart."""
    match event:
        case verbs.Top(number, 0):
            return verbs.Top(number, 1000)
        case _:
            return event


def _0_is_1(event: Event) -> Event:
    """Stalwart."""
    match event:
        case verbs.Dele(0) | verbs.Retr(0):
            return replace(event, number=1)
        case _:
            return event


def _originals_are_counted(patch: Any) -> None:
    def octets(_view: View, message: Message) -> int:
        return message.form.octets

    patch.setattr(View, "octets", octets)


def _quit_removes_nothing(patch: Any) -> None:
    patch.setattr(MemoryStore, "update", lambda *_: None)


def _drop_removes(patch: Any) -> None:
    """Whatever is given back is removed, DELE or not."""
    give_back = MemoryStore.give_back

    def remove_and_give_back(self: MemoryStore, identity: Any) -> None:
        self._maildrops[identity.account] = self._maildrops.get(identity.account, [])[1:]
        give_back(self, identity)

    patch.setattr(MemoryStore, "give_back", remove_and_give_back)


def _two_may_have_a_maildrop(patch: Any) -> None:
    opened = MemoryStore.open_maildrop

    def open_maildrop(self: MemoryStore, identity: Any, session: Any = None) -> Any:
        self._leased.discard(identity)
        return opened(self, identity, session)

    patch.setattr(MemoryStore, "open_maildrop", open_maildrop)


MUTANTS: dict[str, Mutant] = {
    "numbers shift": handling(_numbers_shift),
    "LIST counts marked": handling(_list_counts_marked),
    "two replies to RSET": handling(_two_replies_to_rset),
    "marks twice": handling(_marks_twice),
    "RSET forgets nothing": hearing(_rset_forgets_nothing),
    "TOP 0 sends all": hearing(_top_0_sends_all),
    "0 is 1": hearing(_0_is_1),
    "originals are counted": _originals_are_counted,
    "QUIT removes nothing": _quit_removes_nothing,
    "a drop removes": _drop_removes,
    "two have a maildrop": _two_may_have_a_maildrop,
}
