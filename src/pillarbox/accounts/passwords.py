"""Passwords: set, and tried with equal work and an equal answer whoever is asked for.

Blocking, slow on purpose and safe in threads; the pool that bounds it belongs to the caller.
"""

import contextlib
from dataclasses import dataclass

from pillarbox.accounts.accounts import require_account
from pillarbox.accounts.argon2id import PasswordScheme
from pillarbox.accounts.credentials import Verifier, replace_verifiers
from pillarbox.accounts.name import read_name
from pillarbox.base.clock import Clock
from pillarbox.base.errors import OperatorFault, StoreFault
from pillarbox.base.names import AccountId
from pillarbox.base.secret import Secret
from pillarbox.db.sqlite import Database, Row, Rows

PASSWORD_OCTETS = 1_024  # more than anyone types; bounds what an attacker has us hash
CONTROLS = frozenset(range(0x20)) | {0x7F}

VERIFIER = """
    SELECT accounts.id, accounts.name, credentials.id, verifier
    FROM accounts JOIN credentials ON account_id = accounts.id
    WHERE name = ? AND state = 'enabled' AND scheme = ?
"""


@dataclass(frozen=True, slots=True)
class Admitted:
    """The password is the account's."""

    account: AccountId
    name: str


@dataclass(frozen=True, slots=True)
class Refused:
    """Name or password is not accepted; which of them is not said."""


class Passwords:
    """The passwords of one database's accounts, in one scheme."""

    def __init__(self, database: Database, clock: Clock, scheme: PasswordScheme) -> None:
        self._database = database
        self._clock = clock
        self._scheme = scheme
        self._decoy = scheme.decoy()

    def verifiers(self, password: Secret) -> tuple[Verifier, ...]:
        """Return what a new password is to be tried against, one for each scheme.

        Raises OperatorFault where no client could send the password.
        """
        octets = password.reveal()
        if not is_usable(octets):
            raise OperatorFault(
                "A password is 1 to {octets} octets of UTF-8 without control characters.",
                octets=PASSWORD_OCTETS,
            )
        return (Verifier(self._scheme.name, self._scheme.make(octets)),)

    def set_password(self, name: str, password: Secret) -> None:
        """Give an account this password and no other; raises OperatorFault."""
        verifiers = self.verifiers(password)
        now = int(self._clock.now())

        def replace(rows: Rows) -> None:
            replace_verifiers(rows, require_account(rows, name).id, verifiers, now)

        self._database.write(replace)

    def try_password(self, name: str, password: Secret) -> Admitted | Refused:
        """Say whether the password is that of an enabled account; raises StoreFault.

        Unknown, disabled and removed accounts cost what a wrong password costs.
        """
        octets = password.reveal()
        if not is_usable(octets):
            return Refused()  # at once: no account has it, so haste tells nothing
        found = self._find(name)
        verifier = found[3] if found else self._decoy
        if not self._scheme.is_right(verifier, octets) or found is None:
            return Refused()
        account, canonical_name, credential, _ = found
        if not self._scheme.is_current(verifier):
            self._renew(credential, verifier, octets)
        return Admitted(AccountId(account), canonical_name)

    def _find(self, name: str) -> Row | None:
        wanted = read_name(name)
        if wanted is None:
            return None
        with self._database.reading() as rows:
            return rows.one(VERIFIER, wanted, self._scheme.name)

    def _renew(self, credential: int, old: str, password: bytes) -> None:
        """Hash again with today's parameters: only a login has the password to do it with."""
        # A full disk keeps nobody from their mail: the old verifier holds until the next login.
        with contextlib.suppress(StoreFault):
            new = self._scheme.make(password)
            self._database.write(
                lambda rows: rows.run(
                    # By its old text too: the password may have been changed meanwhile.
                    "UPDATE credentials SET verifier = ? WHERE id = ? AND verifier = ?",
                    new,
                    credential,
                    old,
                )
            )


def is_usable(password: bytes) -> bool:
    """Say whether octets can be a password at all: RFC 4616, section 2, wants 1 or more, no NUL.

    There is no SASLprep yet: which of RFC 4013 and RFC 8265 clients and servers prepare with is
    decided together with AUTH's other mechanisms (RFC 5034) and UTF8 (RFC 6856). Until then octets
    are compared as they came; ASCII control characters, which both forbid, are refused already.
    """
    if not 0 < len(password) <= PASSWORD_OCTETS or not CONTROLS.isdisjoint(password):
        return False
    try:
        password.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True
