"""How long the parts of a login may be: RFC 2595, section 6; RFC 4616, section 2."""

import base64

from hypothesis import given
from hypothesis import strategies as st

from pillarbox.base.secret import Secret
from pillarbox.sasl.exchange import TryPassword
from pillarbox.sasl.plain import begin_plain
from tests.rfc.session import ask, begin
from tests.sasl.play import situation

OCTETS = 255  # of each part


@given(st.integers(1, OCTETS), st.integers(1, OCTETS), st.booleans())
def test_each_part_of_plain_may_have_255_octets(name: int, password: int, says_both: bool) -> None:
    who = b"n" * name
    message = (who if says_both else b"") + b"\0" + who + b"\0" + b"p" * password

    asked = next(begin_plain(situation(), Secret(message)))

    assert TryPassword(who.decode(), Secret(b"p" * password)) == asked


def test_the_longest_plain_is_read_in_an_initial_response_and_in_one_of_its_own() -> None:
    part = b"x" * OCTETS
    response = base64.b64encode(part + b"\0" + part + b"\0" + part)
    core = begin()

    refusal = [b"-ERR [AUTH] Name or password not accepted."]
    assert refusal == ask(core, b"AUTH PLAIN " + response + b"\r\n")
    assert [b"+ "] == ask(core, b"AUTH PLAIN\r\n")
    assert refusal == ask(core, response + b"\r\n")
