"""The client's side of a mechanism that is one message of the client's."""

from pillarbox.base.secret import Secret
from pillarbox.sasl.client_exchange import MechanismFault, broken


class OneMessage:
    """Says its message; what the server says after that can only be why it was refused.

    `dummy` is what RFC 7628 has the client answer to that; None where a mechanism has no such step.
    """

    def __init__(self, name: str, message: Secret, dummy: bytes | None = None) -> None:
        self._name = name
        self._message = message
        self._dummy = dummy
        self._may_repeat = True
        self._is_refused = False

    @property
    def name(self) -> str:
        """The mechanism's name."""
        return self._name

    def initial(self) -> Secret:
        """Return the message."""
        return self._message

    def respond(self, challenge: bytes) -> Secret:
        """Return the message once more, or the dummy answer to a refusal."""
        if not challenge and self._may_repeat and not self._is_refused:
            self._may_repeat = False
            return self._message
        if not challenge or self._dummy is None or self._is_refused:
            raise broken(self._name)
        self._is_refused = True
        return Secret(self._dummy)

    def succeeded(self) -> None:
        """Raise where the server refused and then let us in."""
        if self._is_refused:
            raise MechanismFault("The server refused the login and then accepted it.")
