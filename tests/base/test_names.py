"""Names and words: both are what they were given."""

from pillarbox.base.names import AccountId, RemoteId
from pillarbox.base.words import N_


def test_a_word_marked_for_translation_is_the_word_itself() -> None:
    word = "Cannot open {file}."

    assert word is N_(word)


def test_an_identifier_is_its_number() -> None:
    assert (7, 8) == (AccountId(7), RemoteId(8))
