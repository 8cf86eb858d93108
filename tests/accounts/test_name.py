"""Names: one spelling each, nothing that a path, an address or a log could choke on."""

import string

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pillarbox.accounts.name import NAME_OCTETS, read_name, require_name
from pillarbox.base.errors import OperatorFault

FIRST = string.ascii_lowercase + string.digits
LATER = FIRST + "._@-"
NAMES = st.builds(str.__add__, st.sampled_from(FIRST), st.text(LATER, max_size=NAME_OCTETS - 1))


@given(NAMES)
def test_a_name_within_the_rules_is_kept_as_it_is(name: str) -> None:
    assert name == read_name(name)


@given(NAMES)
def test_capitals_name_the_same(name: str) -> None:
    assert name == read_name(name.upper())


@given(st.text())
@example("\N{KELVIN SIGN}ate")  # lower() makes a k of it
@example("a\n")  # where "$" would match before the line's end
@example("a" * (NAME_OCTETS + 1))
def test_whatever_is_read_is_within_the_rules(text: str) -> None:
    name = read_name(text)

    if name is None:
        return
    assert text.lower() == name
    assert text.isascii()
    assert 1 <= len(name) <= NAME_OCTETS
    assert name[0] in FIRST
    assert set(name) <= set(LATER)


BAD = ["", ".mrose", "@example.org", "-x", "m+rose", "m rose", "../x", "a/b", "a\0b", "ｍrose"]


@pytest.mark.parametrize("text", [*BAD, "a" * 65])
def test_a_name_outside_the_rules_is_refused_and_shown_without_its_controls(text: str) -> None:
    with pytest.raises(OperatorFault) as caught:
        require_name(text)

    assert repr(text) in str(caught.value)


def test_a_whole_address_can_be_a_name() -> None:
    assert "m.rose-1_x@example.org" == require_name("M.Rose-1_x@Example.org")
