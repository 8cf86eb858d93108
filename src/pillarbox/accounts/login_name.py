"""Names that clients send: an account's, or `account+device` for that device's password alone."""

from dataclasses import dataclass

from pillarbox.accounts.name import read_name
from pillarbox.sasl.saslprep import prepare


@dataclass(frozen=True, slots=True)
class LoginName:
    """Whom somebody says they are."""

    account: str | None  # None: no account can be called that
    device: str | None  # None: whichever has the secret; "" can be no device's
    salted_as: str  # what a salt is made from: of every spelling of a name the same


def read_login_name(text: str) -> LoginName:
    """Return what a client means by a name: RFC 6856, section 2.2, wants it SASLprepped."""
    account, plus, device = (prepare(text) or text).partition("+")
    name = read_name(account)
    return LoginName(name, (read_name(device) or "") if plus else None, name or account)
