"""Tokens that their authorization server is asked about, each time: RFC 7662."""

from pathlib import Path

from pillarbox.accounts.tokens.claims import Claims, read_claims
from pillarbox.accounts.tokens.tokens import CannotAskFault
from pillarbox.base.errors import OperatorFault
from pillarbox.base.secret import Secret
from pillarbox.net.post_form import FormServer, NoAnswerFault, post_form

SECRET_OCTETS = 4_096


class Introspection:
    """Asks. Nothing is kept: a token that is revoked is refused at the next login."""

    def __init__(self, server: FormServer) -> None:
        self._server = server

    def claims(self, token: Secret) -> Claims | None:
        """Return what is said of a token that is active; raises CannotAskFault."""
        answer = self._ask(token)
        return answer if answer.get("active") is True else None  # section 2.2: a boolean

    def _ask(self, token: Secret) -> Claims:
        form = {"token": token.reveal(), "token_type_hint": b"access_token"}
        try:
            octets = post_form(self._server, form)
        except NoAnswerFault as fault:
            raise CannotAskFault("Tokens cannot be asked about: {why}", why=fault) from fault
        answer = read_claims(octets)
        if answer is None:
            raise CannotAskFault("Tokens cannot be asked about: the answer is no JSON object.")
        return answer


def read_client_secret(path: Path) -> Secret:
    """Return what a file holds, without the end of its line; raises OperatorFault."""
    try:
        with path.open("rb") as file:
            octets = file.read(SECRET_OCTETS + 1)
    except OSError as error:
        raise OperatorFault("{path}: {why}.", path=path, why=error.strerror) from error
    secret = octets.rstrip(b"\r\n")
    if not 0 < len(secret) <= SECRET_OCTETS:
        raise OperatorFault(
            "{path} does not hold a secret of 1 to {octets} octets.",
            path=path,
            octets=SECRET_OCTETS,
        )
    return Secret(secret)
