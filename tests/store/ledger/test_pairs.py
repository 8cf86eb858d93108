"""Which message is which entry's: by content, in order, none twice."""

import hashlib

from hypothesis import given
from hypothesis import strategies as st

from pillarbox.store.blobs.port import Digest
from pillarbox.store.ledger.entries import Entry
from pillarbox.store.ledger.message_id import message_id_of
from pillarbox.store.ledger.pairs import Held, pair
from pillarbox.store.store import MessageId


def digest(content: str) -> Digest:
    return Digest(hashlib.sha256(content.encode()).digest())


def held(number: int, content: str, unique_id: str = "", message_id: str | None = None) -> Held:
    own = unique_id or f"own{number}"
    return Held(MessageId(number), own, digest(content), message_id=message_id)


def entry(unique_id: str, content: str) -> Entry:
    return Entry(unique_id, digest=digest(content))


def test_a_message_is_known_by_its_content() -> None:
    messages = [held(1, "x"), held(2, "y")]

    pairs = pair([entry("a", "y"), entry("b", "x"), entry("c", "z")], messages)

    assert [("a", 2), ("b", 1)] == [(each.unique_id, message.id) for each, message in pairs.other]
    assert [entry("c", "z")] == pairs.missing
    assert 3 == pairs.count


def test_messages_of_one_content_are_paired_in_their_order() -> None:
    messages = [held(3, "x"), held(1, "x"), held(2, "x")]

    pairs = pair([entry("a", "x"), entry("b", "x")], messages)

    assert [("a", 1), ("b", 2)] == [(each.unique_id, message.id) for each, message in pairs.other]


def test_a_message_that_has_its_unique_id_already_keeps_it() -> None:
    messages = [held(1, "x"), held(2, "x", "b")]

    pairs = pair([entry("a", "x"), entry("b", "x"), entry("c", "x")], messages)

    assert [("b", 2)] == [(each.unique_id, message.id) for each, message in pairs.same]
    assert [("a", 1)] == [(each.unique_id, message.id) for each, message in pairs.other]
    assert [entry("c", "x")] == pairs.missing


def test_a_unique_id_on_another_content_is_no_match() -> None:
    pairs = pair([entry("a", "x")], [held(1, "y", "a"), held(2, "x")])

    assert [2] == [message.id for _, message in pairs.other]


def test_a_message_is_known_by_its_message_id_where_there_is_nothing_else() -> None:
    messages = [held(1, "x", message_id="<1>"), held(2, "y", "b", message_id="<2>")]
    entries = [Entry("a", message_id="<1>"), Entry("b", message_id="<2>"), Entry("c")]

    pairs = pair(entries, messages)

    assert [("a", 1)] == [(each.unique_id, message.id) for each, message in pairs.other]
    assert [("b", 2)] == [(each.unique_id, message.id) for each, message in pairs.same]
    assert [Entry("c")] == pairs.missing


def test_no_message_is_taken_by_its_content_and_by_its_message_id() -> None:
    entries = [entry("a", "x"), Entry("b", message_id="<1>")]

    pairs = pair(entries, [held(1, "x", message_id="<1>")])

    assert ["a"] == [each.unique_id for each, _ in pairs.other]
    assert ["b"] == [each.unique_id for each in pairs.missing]


@given(
    contents=st.lists(st.sampled_from("xyz")),
    wanted=st.lists(st.sampled_from("wxyz")),
)
def test_each_entry_comes_once_and_each_message_at_most_once(
    contents: list[str], wanted: list[str]
) -> None:
    messages = [held(number, content) for number, content in enumerate(contents, start=1)]
    entries = [entry(f"{number}", content) for number, content in enumerate(wanted)]

    pairs = pair(entries, messages)

    taken = [message.id for _, message in pairs.other]
    assert len(set(taken)) == len(taken)
    assert len(entries) == pairs.count
    assert all(each.digest == message.digest for each, message in pairs.other)
    assert sum(min(contents.count(each), wanted.count(each)) for each in "xyz") == len(taken)


def test_a_message_id_is_read_folded_and_from_the_header_only() -> None:
    assert "<a@b>" == message_id_of(b"Subject: x\r\nMESSAGE-ID:\r\n <a@b>\r\n\r\nbody")
    assert message_id_of(b"Subject: x\r\n\r\nMessage-ID: <a@b>\r\n") is None
