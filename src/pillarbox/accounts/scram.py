"""SCRAM: verifiers of passwords, and what a client is told of a name. RFC 5802, RFC 7677.

A salt is made from the name under a key of this site, whether or not somebody has that name. So an
account that is added, disabled or removed, or that gets its first verifier, changes nothing that a
stranger sees; and a name that nobody has looks as it will once somebody has it. Nor does a count
show what the policy once was: verifiers of another count are as if there were none, and a login
with the password makes them anew.
"""

import hashlib
import hmac
from collections.abc import Iterable
from dataclasses import dataclass

from pillarbox.accounts.credentials import ScramParameters, Verifier
from pillarbox.accounts.login_name import LoginName, read_login_name
from pillarbox.accounts.site_keys import SCRAM_SALTS, SiteKeys
from pillarbox.accounts.visitor import refuses_main_password
from pillarbox.base.errors import StoreFault
from pillarbox.base.names import AccountId, DeviceId, Identity
from pillarbox.db.sqlite import Database, Rows
from pillarbox.sasl.exchange import ScramAccount, ScramHash, ScramVerifier
from pillarbox.sasl.scram_keys import derive

MAIN_ITERATIONS = 600_000  # what OWASP asks of PBKDF2 with SHA-256; people choose main passwords
APP_ITERATIONS = 4_096  # RFC 5802, section 5.1: the least; nobody guesses 130 random bits
SALT_OCTETS = 16

NOBODY = AccountId(0)  # SQLite numbers rows from 1

SCHEMES = {ScramHash.SHA_1: "scram-sha-1", ScramHash.SHA_256: "scram-sha-256"}

PARAMETERS = """
    SELECT salt, iterations FROM accounts JOIN scram_parameters ON account_id = accounts.id
    WHERE name = ? AND state <> 'removed' AND hash = ? AND iterations = ?
"""
VERIFIERS = """
    SELECT accounts.id, devices.id, verifier
    FROM accounts JOIN credentials ON credentials.account_id = accounts.id
    LEFT JOIN devices ON devices.id = device_id
    WHERE accounts.name = ? AND accounts.state <> 'removed' AND state = 'enabled' AND scheme = ?
    AND coalesce(?, devices.name) IS devices.name
    ORDER BY credentials.id
"""
MAIN = "SELECT 1 FROM credentials WHERE account_id = ? AND device_id IS NULL AND scheme = ?"
HAS = """
    SELECT 1 FROM credentials JOIN scram_parameters USING (account_id)
    WHERE account_id = ? AND device_id IS ? AND scheme = ? AND hash = ? AND iterations = ?
"""


@dataclass(frozen=True, slots=True)
class ScramPolicy:
    """Which passwords take part, and at how many iterations: the same for every name."""

    sha_1_for_main_passwords: bool = False
    main_iterations: int = MAIN_ITERATIONS
    app_iterations: int = APP_ITERATIONS

    @property
    def main_hashes(self) -> tuple[ScramHash, ...]:
        """The hashes that main passwords get verifiers of."""
        if self.sha_1_for_main_passwords:
            return ScramHash.SHA_256, ScramHash.SHA_1
        return (ScramHash.SHA_256,)

    def iterations(self, hash_: ScramHash) -> int:
        """Return the count, which no other verifier is tried under."""
        return self.main_iterations if hash_ in self.main_hashes else self.app_iterations


class Scram:
    """SCRAM for the accounts of one database."""

    def __init__(self, database: Database, keys: SiteKeys, policy: ScramPolicy) -> None:
        self._database = database
        self._keys = keys
        self._policy = policy

    def find(self, name: str, hash_: ScramHash) -> ScramAccount:
        """Return what a proof for a name is checked against; raises OperatorFault, StoreFault.

        Unknown and disabled accounts, and those without a verifier of this hash, have none here;
        nor has a main password that is refused.
        """
        who = read_login_name(name)
        new = self._new_parameters(who, hash_)  # made for everyone: it costs the same then
        with self._database.reading() as rows:
            known = self._known_parameters(rows, who, hash_)
            found = rows.all(VERIFIERS, who.account, SCHEMES[hash_], who.device)
            account = AccountId(found[0][0]) if found else NOBODY
            # Asked for every name; what a client is told does not show it.
            has_main = (
                not refuses_main_password(rows, account) and hash_ in self._policy.main_hashes
            )
        shown = known or new
        verifiers = [_verifier(*row) for row in found if has_main or row[1] is not None]
        return ScramAccount(shown.salt, shown.iterations, verifiers if known else [])

    def main_verifiers(
        self, name: str, password: bytes, hashes: Iterable[ScramHash] | None = None
    ) -> tuple[Verifier, ...]:
        """Return verifiers of a main password, of these hashes or all that it takes part in.

        Slow on purpose. Raises OperatorFault, StoreFault.
        """
        wanted = self._policy.main_hashes if hashes is None else hashes
        return tuple(_make(password, self._parameters(name, hash_)) for hash_ in wanted)

    def device_verifiers(
        self, name: str, password: bytes, hashes: Iterable[ScramHash] = ScramHash
    ) -> tuple[Verifier, ...]:
        """Return verifiers of an app password; raises OperatorFault, StoreFault."""
        return tuple(_make(password, self._parameters(name, hash_)) for hash_ in hashes)

    def missing(self, account: AccountId, device: DeviceId | None = None) -> list[ScramHash]:
        """Return the hashes that a password should have a verifier of and has not.

        It is a device's, or the main password.
        """
        with self._database.reading() as rows:
            return [
                hash_
                for hash_ in (self._policy.main_hashes if device is None else ScramHash)
                if not rows.one(HAS, account, device, *self._kind(hash_))
            ]

    def given_up(self, account: AccountId) -> list[str]:
        """Return the schemes that the main password has verifiers of, and should have none."""
        schemes = [SCHEMES[hash_] for hash_ in ScramHash if hash_ not in self._policy.main_hashes]
        with self._database.reading() as rows:
            return [scheme for scheme in schemes if rows.one(MAIN, account, scheme)]

    def _kind(self, hash_: ScramHash) -> tuple[str, ScramHash, int]:
        return SCHEMES[hash_], hash_, self._policy.iterations(hash_)

    def _parameters(self, name: str, hash_: ScramHash) -> ScramParameters:
        who = read_login_name(name)
        with self._database.reading() as rows:
            known = self._known_parameters(rows, who, hash_)
        return known or self._new_parameters(who, hash_)

    def _known_parameters(
        self, rows: Rows, who: LoginName, hash_: ScramHash
    ) -> ScramParameters | None:
        """Return an account's parameters; those of another policy are none."""
        found = rows.one(PARAMETERS, who.account, hash_, self._policy.iterations(hash_))
        return ScramParameters(hash_, *found) if found else None

    def _new_parameters(self, who: LoginName, hash_: ScramHash) -> ScramParameters:
        key = self._keys.find_or_make(SCRAM_SALTS)
        text = f"{hash_}\0{who.salted_as}".encode("utf-8", "backslashreplace")
        salt = hmac.new(key, text, hashlib.sha256).digest()[:SALT_OCTETS]
        return ScramParameters(hash_, salt, self._policy.iterations(hash_))


def _make(password: bytes, parameters: ScramParameters) -> Verifier:
    keys = derive(password, parameters.salt, parameters.iterations, parameters.hash)
    text = ":".join(key.hex() for key in keys)
    return Verifier(SCHEMES[parameters.hash], text, parameters)


def _verifier(account: int, device: int | None, text: str) -> ScramVerifier:
    identity = Identity(AccountId(account), None if device is None else DeviceId(device))
    stored_key, _, server_key = text.partition(":")
    try:
        return ScramVerifier(identity, bytes.fromhex(stored_key), bytes.fromhex(server_key))
    except ValueError:
        # Not "from": the error may quote the verifier.
        raise StoreFault("A SCRAM verifier is damaged. Set the password anew.") from None
