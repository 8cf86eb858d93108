"""SCRAM: verifiers of passwords, and what a client is told of a name. RFC 5802, RFC 7677.

A salt is made from the name under a key of this site, whether or not somebody has that name. So an
account that is added, disabled or removed, or that gets its first verifier, changes nothing that a
stranger sees; and a name that nobody has looks as it will once somebody has it.
"""

import hashlib
import hmac
from collections.abc import Iterable
from dataclasses import dataclass

from pillarbox.accounts.credentials import ScramParameters, Verifier
from pillarbox.accounts.login_name import LoginName, read_login_name
from pillarbox.accounts.site_keys import SCRAM_SALTS, SiteKeys
from pillarbox.base.errors import StoreFault
from pillarbox.base.names import AccountId, DeviceId, Identity
from pillarbox.db.sqlite import Database, Rows
from pillarbox.sasl.exchange import ScramAccount, ScramHash, ScramVerifier
from pillarbox.sasl.scram_keys import derive

MAIN_ITERATIONS = 600_000  # what OWASP asks of PBKDF2 with SHA-256; people choose main passwords
APP_ITERATIONS = 4_096  # RFC 5802, section 5.1: the least; nobody guesses 130 random bits
SALT_OCTETS = 16

SCHEMES = {ScramHash.SHA_1: "scram-sha-1", ScramHash.SHA_256: "scram-sha-256"}

PARAMETERS = """
    SELECT salt, iterations FROM accounts JOIN scram_parameters ON account_id = accounts.id
    WHERE name = ? AND state <> 'removed' AND hash = ?
"""
VERIFIERS = """
    SELECT accounts.id, devices.id, verifier
    FROM accounts JOIN credentials ON credentials.account_id = accounts.id
    LEFT JOIN devices ON devices.id = device_id
    WHERE accounts.name = ? AND state = 'enabled' AND scheme = ?
    AND coalesce(?, devices.name) IS devices.name
    ORDER BY credentials.id
"""
MAIN_SCHEMES = "SELECT scheme FROM credentials WHERE account_id = ? AND device_id IS NULL"

WEAK = "SELECT hash FROM scram_parameters WHERE account_id = ? AND iterations < ?"


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
        """Return the count of new accounts; an account that has one keeps it."""
        return self.main_iterations if hash_ in self.main_hashes else self.app_iterations


class Scram:
    """SCRAM for the accounts of one database."""

    def __init__(self, database: Database, keys: SiteKeys, policy: ScramPolicy) -> None:
        self._database = database
        self._keys = keys
        self._policy = policy

    def find(self, name: str, hash_: ScramHash) -> ScramAccount:
        """Return what a proof for a name is checked against; raises OperatorFault, StoreFault.

        Unknown and disabled accounts, and those without a verifier of this hash, have none here.
        """
        who = read_login_name(name)
        new = self._new_parameters(who, hash_)  # made for everyone: it costs the same then
        with self._database.reading() as rows:
            known = _parameters(rows, who, hash_)
            found = rows.all(VERIFIERS, who.account, SCHEMES[hash_], who.device)
        shown = known or new
        verifiers = [_verifier(*row) for row in found if self._takes_part(hash_, row[1])]
        return ScramAccount(shown.salt, shown.iterations, verifiers if known else [])

    def main_verifiers(
        self, name: str, password: bytes, hashes: Iterable[ScramHash] | None = None
    ) -> tuple[Verifier, ...]:
        """Return verifiers of a main password, of these hashes or all that it takes part in.

        None of parameters that are too weak for one: an account's SHA-1 may be of its app passwords
        alone, from before it was opened to main passwords. Slow on purpose. Raises OperatorFault,
        StoreFault.
        """
        wanted = self._policy.main_hashes if hashes is None else hashes
        parameters = (self._parameters(name, hash_) for hash_ in wanted)
        return tuple(_make(password, each) for each in parameters if self._is_strong(each))

    def device_verifiers(self, name: str, password: bytes) -> tuple[Verifier, ...]:
        """Return verifiers of an app password; raises OperatorFault, StoreFault."""
        return tuple(_make(password, self._parameters(name, hash_)) for hash_ in ScramHash)

    def missing(self, account: AccountId) -> list[ScramHash]:
        """Return the hashes that the main password should have a verifier of and has not."""
        with self._database.reading() as rows:
            found = {scheme for (scheme,) in rows.all(MAIN_SCHEMES, account)}
            weak = rows.all(WEAK, account, self._policy.main_iterations)
        hashes = [hash_ for hash_ in self._policy.main_hashes if (hash_,) not in weak]
        return [hash_ for hash_ in hashes if SCHEMES[hash_] not in found]

    def _parameters(self, name: str, hash_: ScramHash) -> ScramParameters:
        who = read_login_name(name)
        with self._database.reading() as rows:
            known = _parameters(rows, who, hash_)
        return known or self._new_parameters(who, hash_)

    def _is_strong(self, parameters: ScramParameters) -> bool:
        return parameters.iterations >= self._policy.main_iterations

    def _new_parameters(self, who: LoginName, hash_: ScramHash) -> ScramParameters:
        key = self._keys.find_or_make(SCRAM_SALTS)
        text = f"{hash_}\0{who.salted_as}".encode("utf-8", "backslashreplace")
        salt = hmac.new(key, text, hashlib.sha256).digest()[:SALT_OCTETS]
        return ScramParameters(hash_, salt, self._policy.iterations(hash_))

    def _takes_part(self, hash_: ScramHash, device: int | None) -> bool:
        return device is not None or hash_ in self._policy.main_hashes


def _make(password: bytes, parameters: ScramParameters) -> Verifier:
    keys = derive(password, parameters.salt, parameters.iterations, parameters.hash)
    text = ":".join(key.hex() for key in keys)
    return Verifier(SCHEMES[parameters.hash], text, parameters)


def _parameters(rows: Rows, who: LoginName, hash_: ScramHash) -> ScramParameters | None:
    found = rows.one(PARAMETERS, who.account, hash_)
    return ScramParameters(hash_, *found) if found else None


def _verifier(account: int, device: int | None, text: str) -> ScramVerifier:
    identity = Identity(AccountId(account), None if device is None else DeviceId(device))
    stored_key, _, server_key = text.partition(":")
    try:
        return ScramVerifier(identity, bytes.fromhex(stored_key), bytes.fromhex(server_key))
    except ValueError:
        # Not "from": the error may quote the verifier.
        raise StoreFault("A SCRAM verifier is damaged. Set the password anew.") from None
