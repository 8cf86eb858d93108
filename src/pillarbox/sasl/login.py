"""LOGIN: draft-murchison-sasl-login. Never a standard, and still what many clients speak."""

from pillarbox.base.names import Identity
from pillarbox.base.secret import Secret
from pillarbox.sasl.asked_name import asked_name
from pillarbox.sasl.client_exchange import Login, broken, octets_of, unfit
from pillarbox.sasl.exchange import Challenge, Exchange, Refusal, TryPassword
from pillarbox.sasl.facts import LOGIN
from pillarbox.sasl.situation import Situation

ASK_NAME = b"Username:"  # clients look for these words, not for the draft's
ASK_PASSWORD = b"Password:"


def begin_login(_situation: Situation, initial: Secret | None) -> Exchange:
    """Run the server's side: it asks for the name, then for the password.

    An initial response (RFC 5034, section 4) that is not empty is the name.
    """
    given = initial
    if given is None or not given.reveal():
        given = yield Challenge(ASK_NAME)
    name = asked_name(given.reveal())
    if isinstance(name, Refusal):
        return name
    password: Secret = yield Challenge(ASK_PASSWORD)
    if not password.reveal() or b"\0" in password.reveal():
        return Refusal.BAD_RESPONSE
    outcome: Identity | Refusal = yield TryPassword(name, password)
    return outcome


class LoginClient:
    """The client's side: whatever the server's words are, it is the name, then the password."""

    name = LOGIN

    def __init__(self, login: Login) -> None:
        name, password = octets_of(login.name, LOGIN), login.secret.reveal()
        if not name or not password or b"\0" in name + password:
            raise unfit(LOGIN)
        self._left = [Secret(name), login.secret]

    def initial(self) -> None:
        """Return nothing: the server asks first."""

    def respond(self, _challenge: bytes) -> Secret:
        """Return the name, then the password; then raise MechanismFault."""
        if not self._left:
            raise broken(LOGIN)
        return self._left.pop(0)

    def succeeded(self) -> None:
        """Accept: the server proves nothing in this mechanism."""
