"""What can go wrong with a server, each under a name of its own."""

from pillarbox.base.errors import OperatorFault, PeerFault
from pillarbox.client.sent import Sent
from pillarbox.wire.pop3.answers import Greeting, Reply


class HungUpFault(PeerFault):
    """The server closed the connection in the middle of the conversation."""


class StlsMissingFault(PeerFault):
    """TLS is demanded, and the server does not offer STLS or refuses it."""

    retry = False


class PasswordWithoutTlsFault(OperatorFault):
    """The password would cross the network for all to read."""


class BeyondAsciiFault(OperatorFault):
    """The name or the password is not ASCII, and USER, PASS and APOP may not carry it there."""


class MechanismMissingFault(PeerFault):
    """The server does not offer the way to log in that is asked for, or none that we may take."""

    retry = False


class PipeliningFault(PeerFault):
    """The server says that it can answer several commands in a row, and does not.

    The next session is better off without: `Server.pipelining`.
    """

    retry = True


class MessageTooLargeFault(PeerFault):
    """A message has no end, or one that is further off than any mail's.

    The other messages can be had in another session.
    """

    retry = False

    def __init__(self, template: str, *, number: int, **fields: object) -> None:
        super().__init__(template, number=number, **fields)
        self.number = number


class BadListingFault(PeerFault):
    """A listing has a line that says nothing, or says two things of one number."""


class RefusedFault(PeerFault):
    """The server said `-ERR`; `code` is its reply code, None where it gave none."""

    def __init__(self, template: str, *, code: str | None = None, **fields: object) -> None:
        super().__init__(template, **fields)
        self.code = code


class GreetingFault(RefusedFault):
    """The server does not want to speak now."""


class NotAcceptedFault(RefusedFault):
    """The name or the password is wrong, or may not be used this way."""

    retry = False


class RemoteInUseFault(RefusedFault):
    """Another session has the maildrop; RFC 2449, section 8.1.2."""


class TryLaterFault(RefusedFault):
    """The name and the password are not to blame: RFC 3206, section 4; RFC 2449, section 8.1.1."""


def login_fault(reply: Reply, sent: Sent) -> RefusedFault:
    """Return the fault that a `-ERR` to a login is; it repeats nothing that was sent."""
    code, text = _code(reply, sent), sent.shown(reply.text)
    match (reply.code or "").partition("/")[0]:
        case "IN-USE":
            return RemoteInUseFault("The remote maildrop is in use.", code=code)
        case "SYS" | "LOGIN-DELAY":
            return TryLaterFault("The server cannot let us in now: {text}", code=code, text=text)
        case _:
            return NotAcceptedFault(
                "The server did not accept the name or the password: {text}", code=code, text=text
            )


def greeting_fault(greeting: Greeting, sent: Sent) -> RefusedFault:
    """Return the fault that a `-ERR` in place of a greeting is."""
    return GreetingFault(
        "The server does not want to speak now: {text}",
        code=_code(greeting, sent),
        text=sent.shown(greeting.text),
    )


def refused(reply: Reply, sent: Sent) -> RefusedFault:
    """Return the fault that a `-ERR` after login is; it repeats nothing that was sent."""
    return RefusedFault(
        "The server refused: {text}", code=_code(reply, sent), text=sent.shown(reply.text)
    )


def _code(said: Greeting | Reply, sent: Sent) -> str | None:
    # A server may put brackets around anything.
    return said.code if said.code == sent.shown(said.code or "") else None
