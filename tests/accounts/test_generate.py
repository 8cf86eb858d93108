"""Passwords that we make."""

from pillarbox.accounts.generate import ALPHABET, generate_password
from pillarbox.accounts.preparation import is_usable


def test_a_generated_password_has_26_characters_of_the_alphabet_and_can_be_used() -> None:
    password = generate_password().reveal()

    assert 26 == len(password)
    assert set(password) <= set(ALPHABET.encode())
    assert is_usable(password)


def test_the_alphabet_has_32_characters_so_that_each_is_worth_5_bits() -> None:
    assert 32 == len(set(ALPHABET))


def test_no_two_generated_passwords_are_the_same() -> None:
    assert 100 == len({generate_password().reveal() for _ in range(100)})
