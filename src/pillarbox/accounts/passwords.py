"""Passwords: set, and tried with equal work and an equal answer whoever is asked for.

Blocking, slow on purpose and safe in threads; the pool that bounds it belongs to the caller.
An app password is found by a look-up, and a main password that was right a moment ago in memory,
and then the slow work is left out: that somebody is let in can be seen anyway. Whatever is refused
has cost the slow work.
"""

import contextlib
from dataclasses import dataclass, field
from typing import Literal

from pillarbox.accounts.accounts import require_account
from pillarbox.accounts.app_passwords import NOBODY, AppPasswords
from pillarbox.accounts.argon2id import PasswordScheme
from pillarbox.accounts.auth_cache import AuthCache, Credential
from pillarbox.accounts.credentials import (
    Verifier,
    drop_main_verifiers,
    replace_each_verifier,
    replace_main_verifiers,
)
from pillarbox.accounts.login_name import LoginName, read_login_name
from pillarbox.accounts.preparation import PASSWORD_OCTETS, is_usable, prepared, spellings
from pillarbox.accounts.scram import Scram
from pillarbox.accounts.secret_store import MissingKeyFault
from pillarbox.accounts.visitor import refuses_main_password
from pillarbox.base.clock import Clock
from pillarbox.base.errors import Fault, OperatorFault
from pillarbox.base.names import AccountId, Identity
from pillarbox.base.secret import Secret
from pillarbox.db.sqlite import Database, Rows
from pillarbox.journal.audit import append

# Not removed: so that the index of names finds it.
VERIFIER = """
    SELECT accounts.id, accounts.name, password_edition, credentials.id, verifier
    FROM accounts JOIN credentials ON account_id = accounts.id
    WHERE name = ? AND state <> 'removed' AND state = 'enabled' AND scheme = ? AND device_id IS NULL
"""

MAIN = """
    SELECT 1 FROM credentials WHERE account_id = ? AND scheme = ? AND device_id IS NULL
"""
SERVING = "SELECT 1 FROM devices WHERE id = ? AND revoked_at IS NULL"


@dataclass(frozen=True, slots=True)
class _Main:
    """The verifier of an enabled account's main password."""

    account: AccountId
    name: str
    edition: int
    credential: int
    verifier: str = field(repr=False)


class Passwords:
    """The passwords of one database's accounts."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        scheme: PasswordScheme,
        scram: Scram,
        app_passwords: AppPasswords,
    ) -> None:
        self._database = database
        self._clock = clock
        self._scheme = scheme
        self._scram = scram
        self._app_passwords = app_passwords
        self.cache = AuthCache(clock, 0)
        self._decoy = scheme.decoy()

    def remember(self, seconds: int) -> None:
        """Let a main password that was right be right at once for so many seconds."""
        self.cache = AuthCache(self._clock, seconds)

    def verifiers(self, name: str, password: Secret) -> tuple[Verifier, ...]:
        """Return what an account's main password is to be tried against, one for each scheme.

        Raises OperatorFault where no client could send the password; StoreFault.
        """
        octets = _settable(password)
        verifiers = [Verifier(self._scheme.name, self._scheme.make(octets))]
        # Without the master key there is no SCRAM for anybody; a login makes it once that is back.
        with contextlib.suppress(MissingKeyFault):
            verifiers += self._scram.main_verifiers(name, octets)
        return tuple(verifiers)

    def is_set(self, account: AccountId) -> bool:
        """Return whether an account has a main password; without one only its devices come in."""
        with self._database.reading() as rows:
            return rows.one(MAIN, account, self._scheme.name) is not None

    def set_password(self, name: str, password: Secret) -> None:
        """Give an account this main password and no other; its devices keep theirs.

        Raises OperatorFault, StoreFault.
        """
        verifiers = self.verifiers(name, password)
        now = int(self._clock.now())

        def replace(rows: Rows) -> None:
            account = require_account(rows, name).id
            replace_main_verifiers(rows, account, verifiers, now)
            append(rows, now, "password.changed", account)

        self._database.write(replace)

    def recall(self, name: str, password: Secret) -> Identity | Literal[False] | None:
        """Return whose password it is where no slow work is needed for that; None says nothing.

        It is an app password, or a main password that was right a moment ago. False: it is not the
        one that was, so that a guess has been tried. Raises StoreFault.
        """
        octets = password.reveal()
        if not is_usable(octets):
            return None
        who = read_login_name(name)
        with contextlib.suppress(OperatorFault):  # `try_password` says what is missing
            if identity := self._find_device(name, who, spellings(octets)[0]):
                return identity
        main = self._find(who)
        is_right = None if main is None else self.cache.compared(self._credential(main), password)
        if main is None or is_right is None:
            return None
        return Identity(main.account) if is_right else False

    def try_password(self, name: str, password: Secret) -> Identity | None:
        """Return whose password it is: that of an enabled account, or of one of its devices.

        Unknown, disabled and removed accounts cost what a wrong password costs, and so does a main
        password where that is refused. Raises StoreFault, and OperatorFault where app passwords
        cannot be tried since the master key is missing.
        """
        octets = password.reveal()
        if not is_usable(octets):
            return None  # at once: no account has it, so haste tells nothing
        who, tries = read_login_name(name), spellings(octets)
        fault: OperatorFault | None = None
        try:
            identity = self._find_device(name, who, tries[0])
        except OperatorFault as missing:  # main passwords need no key: let these people in
            identity, fault = None, missing
        identity = identity or self._try_main(who, password, tries)
        if identity is None and fault is not None:
            raise fault
        if identity is None:
            with contextlib.suppress(Fault):  # refused it is, whether or not somebody is told
                now = int(self._clock.now())
                self._app_passwords.warn_of_revoked(who.account, tries[0], now)
        return identity

    def _find_device(self, name: str, who: LoginName, password: bytes) -> Identity | None:
        identity = self._app_passwords.find(who, password)
        if identity is not None:
            with contextlib.suppress(Fault):  # as for a main password
                self._renew_device(name, identity, password)
        return identity

    def _renew_device(self, name: str, identity: Identity, password: bytes) -> None:
        """Make the SCRAM verifiers that a device lacks: those it had were of another policy."""
        account, device = identity.account, identity.device
        hashes = self._scram.missing(account, device)
        if not hashes:
            return
        verifiers = self._scram.device_verifiers(name, password, hashes)
        now = int(self._clock.now())

        def replace(rows: Rows) -> None:
            if rows.one(SERVING, device):  # it may have been revoked meanwhile
                replace_each_verifier(rows, account, device, verifiers, now)

        self._database.write(replace)

    def _try_main(
        self, who: LoginName, password: Secret, tries: tuple[bytes, ...]
    ) -> Identity | None:
        main = self._find(who)
        # As it came, and not prepared: of two spellings perhaps one alone is right.
        if main is not None and self.cache.is_right(self._credential(main), password):
            return Identity(main.account)
        verifier = main.verifier if main else self._decoy
        right = next((each for each in tries if self._scheme.is_right(verifier, each)), None)
        if main is None or right is None:
            return None
        # A full disk keeps nobody from their mail: what there is holds until the next login.
        with contextlib.suppress(Fault):
            self._renew(main, right)
        self.cache.hold(self._credential(main), password)
        return Identity(main.account)

    def _credential(self, main: _Main) -> Credential:
        # PASS, PLAIN and LOGIN show the same password to the same verifier.
        return Credential(main.account, self._scheme.name, main.edition)

    def _find(self, who: LoginName) -> _Main | None:
        # Whoever names a device means that device's password.
        name = who.account if who.device is None else None
        with self._database.reading() as rows:
            row = rows.one(VERIFIER, name, self._scheme.name)
            # Asked for every name. Where it is refused, the right one costs what a wrong one does.
            is_refused = refuses_main_password(rows, AccountId(row[0]) if row else NOBODY)
        return _Main(*row) if row and not is_refused else None

    def _renew(self, main: _Main, password: bytes) -> None:
        """Make what is missing or outdated: only a login has the password to do it with.

        What the policy has given up goes as well.
        """
        best = prepared(password) or password
        hashes, given_up = self._scram.missing(main.account), self._scram.given_up(main.account)
        is_current = self._scheme.is_current(main.verifier) and best == password
        if is_current and not hashes and not given_up:
            return
        text = main.verifier if is_current else self._scheme.make(best)
        verifiers = [Verifier(self._scheme.name, text)]
        verifiers += self._scram.main_verifiers(main.name, best, hashes)
        now = int(self._clock.now())

        def replace(rows: Rows) -> None:
            # By its old text too: the password may have been changed meanwhile.
            same = "SELECT 1 FROM credentials WHERE id = ? AND verifier = ?"
            if rows.one(same, main.credential, main.verifier):
                replace_each_verifier(rows, main.account, None, verifiers, now)
                drop_main_verifiers(rows, main.account, given_up)

        self._database.write(replace)


def _settable(password: Secret) -> bytes:
    octets = password.reveal()
    if not is_usable(octets):
        raise OperatorFault(
            "A password is 1 to {octets} octets of UTF-8 without control characters.",
            octets=PASSWORD_OCTETS,
        )
    found = prepared(octets)
    if found is None:
        raise OperatorFault(
            "The password has characters that not every client could send the same way (RFC 4013),"
            " such as emoji. Choose another."
        )
    return found
