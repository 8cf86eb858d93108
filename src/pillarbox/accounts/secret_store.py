"""Secrets that must be given back as they were, each sealed in a row of its own.

One rule holds whenever the database's write lock is free: the key of every row is in the key file.
Whatever moves rows or keys does so under that lock, so that no process seals under a key that
another is about to throw away.
"""

import secrets
from typing import NewType

from pillarbox.accounts.key_ring import KEY_OCTETS, Key, KeyRing
from pillarbox.accounts.master_key import MasterKey
from pillarbox.accounts.seal import NONCE_OCTETS, Place, seal, unseal
from pillarbox.base.clock import Clock
from pillarbox.base.errors import OperatorFault, StoreFault
from pillarbox.base.secret import Secret
from pillarbox.db.sqlite import Database, Row, Rows
from pillarbox.journal.audit import append

SecretId = NewType("SecretId", int)


class MissingKeyFault(OperatorFault):
    """A secret is sealed under a key that is nowhere to be found."""


class SecretStore:
    """The sealed secrets of one database."""

    def __init__(self, database: Database, master: MasterKey, clock: Clock) -> None:
        self._database = database
        self._master = master
        self._clock = clock

    def put(self, purpose: str, secret: Secret) -> SecretId:
        """Keep a secret; raises StoreFault, and OperatorFault where the master key is missing."""
        return self._database.write(lambda rows: self.put_within(rows, purpose, secret))

    def put_within(self, rows: Rows, purpose: str, secret: Secret) -> SecretId:
        """Do as `put` does, as a part of the caller's transaction."""
        key = self._ring_to_seal(rows).current
        row_id = rows.insert(
            # Sealed in a second step, for the seal covers the row's number.
            "INSERT INTO secrets (purpose, key_id, sealed, created_at) VALUES (?, ?, x'', ?)",
            purpose,
            key.id,
            int(self._clock.now()),
        )
        _seal_row(rows, key, Place(row_id, purpose), secret)
        return SecretId(row_id)

    def get(self, secret_id: SecretId, purpose: str) -> Secret:
        """Return a secret to whoever names its purpose.

        Raises MissingKeyFault, and StoreFault where the secret is missing or damaged.
        """
        place = Place(secret_id, purpose)
        try:
            with self._database.reading() as rows:
                return self._open(rows, place)
        except MissingKeyFault:
            # Perhaps a rotation passed between row and file; under the write lock none does.
            return self._database.write(lambda rows: self._open(rows, place))

    def get_within(self, rows: Rows, secret_id: SecretId, purpose: str) -> Secret:
        """Do as `get` does, as a part of the caller's transaction."""
        return self._open(rows, Place(secret_id, purpose))

    def require_keys(self) -> None:
        """Raise MissingKeyFault where any secret is sealed under a key that is missing."""
        try:
            with self._database.reading() as rows:
                self._require_keys(rows, self._master.read())
        except MissingKeyFault:
            self._database.write(lambda rows: self._require_keys(rows, self._master.read()))

    def find(self, purpose: str) -> Secret | None:
        """Return the secret of a purpose that only one has, None where it is not there yet.

        Raises as `get`.
        """
        with self._database.reading() as rows:
            row = _first_of(rows, purpose)
        return self.get(SecretId(row[0]), purpose) if row else None

    def find_or_put(self, purpose: str, secret: Secret) -> Secret:
        """Return the secret of a purpose; where there is none, this becomes it.

        Of callers that come together, in several processes too, all get the same one. Raises as
        `get` and `put`.
        """

        def work(rows: Rows) -> Secret:
            row = _first_of(rows, purpose)
            if row is not None:
                return self._open(rows, Place(row[0], purpose))
            self.put_within(rows, purpose, secret)
            return secret

        return self.find(purpose) or self._database.write(work)

    def replace(self, secret_id: SecretId, purpose: str, secret: Secret) -> None:
        """Put another secret in a secret's place; raises as `put`, and where there is none."""
        self._database.write(lambda rows: self.replace_within(rows, secret_id, purpose, secret))

    def replace_within(self, rows: Rows, secret_id: SecretId, purpose: str, secret: Secret) -> None:
        """Do as `replace` does, as a part of the caller's transaction."""
        place = Place(secret_id, purpose)
        _sealed_row(rows, place)
        _seal_row(rows, self._ring_to_seal(rows).current, place, secret)

    def drop(self, secret_id: SecretId) -> None:
        """Forget a secret; needs no key, and nothing happens where there is none."""
        self._database.write(lambda rows: self.drop_within(rows, secret_id))

    def drop_within(self, rows: Rows, secret_id: SecretId) -> None:
        """Do as `drop` does, as a part of the caller's transaction."""
        rows.run("DELETE FROM secrets WHERE id = ?", secret_id)

    def rotate(self) -> None:
        """Seal everything under a new key and throw the old ones away.

        Killed anywhere in between, every secret stays readable, and another call ends the work.
        Raises MissingKeyFault, OperatorFault where the key is not ours to change, StoreFault.
        """
        self._database.write(self._add_key)
        self.reseal()
        self._database.write(self._throw_old_keys_away)

    def reseal(self) -> None:
        """Seal everything under the current key; raises MissingKeyFault, StoreFault."""
        self._database.write(self._seal_all)

    def _open(self, rows: Rows, place: Place) -> Secret:
        key_id, sealed = _sealed_row(rows, place)
        key = self._key(self._master.read(), key_id)
        secret = unseal(key, place, sealed)
        if secret is None:
            raise StoreFault(
                "Secret {secret} ({purpose}) does not open: its row is damaged or is another's.",
                secret=place.row,
                purpose=place.purpose,
            )
        return secret

    def _key(self, ring: KeyRing | None, key_id: str) -> Key:
        key = ring.find(key_id) if ring else None
        if key is None:
            raise MissingKeyFault(
                "{path}: the master key {key} is missing, and there are secrets sealed under it."
                " Restore that file from a backup.",
                path=self._master.path,
                key=key_id,
            )
        return key

    def _ring_to_seal(self, rows: Rows) -> KeyRing:
        """Return the ring as it lies on the disk; the first secret makes the first key."""
        ring = self._master.read()
        if ring is not None:
            self._master.settle()
            return ring
        self._require_keys(rows, None)
        ring = KeyRing((_new_key(),))
        self._master.write(ring)
        return ring

    def _require_keys(self, rows: Rows, ring: KeyRing | None) -> None:
        for key_id in _keys_in_use(rows):
            self._key(ring, key_id)

    def _add_key(self, rows: Rows) -> None:
        ring = self._ring_to_seal(rows)
        self._require_keys(rows, ring)  # before anything changes
        self._master.write(ring.with_current(_new_key()))

    def _seal_all(self, rows: Rows) -> None:
        key = self._ring_to_seal(rows).current
        old = rows.all("SELECT id, purpose FROM secrets WHERE key_id <> ?", key.id)
        for place in (Place(*row) for row in old):
            _seal_row(rows, key, place, self._open(rows, place))
        if old:
            append(rows, int(self._clock.now()), "secrets.resealed", count=len(old), key=key.id)

    def _throw_old_keys_away(self, rows: Rows) -> None:
        ring = self._ring_to_seal(rows)
        unused = {key.id for key in ring.keys} - _keys_in_use(rows)
        append(rows, int(self._clock.now()), "key.rotated", key=ring.current.id)
        self._master.write(ring.without(unused))


def _new_key() -> Key:
    return Key(secrets.token_hex(8), Secret(secrets.token_bytes(KEY_OCTETS)))


def _first_of(rows: Rows, purpose: str) -> Row | None:
    return rows.one("SELECT id FROM secrets WHERE purpose = ? ORDER BY id", purpose)


def _keys_in_use(rows: Rows) -> set[str]:
    return {key_id for (key_id,) in rows.all("SELECT DISTINCT key_id FROM secrets")}


def _sealed_row(rows: Rows, place: Place) -> tuple[str, bytes]:
    row = rows.one(
        "SELECT key_id, sealed FROM secrets WHERE id = ? AND purpose = ?", place.row, place.purpose
    )
    if row is None:
        raise StoreFault(
            "There is no secret {secret} ({purpose}).", secret=place.row, purpose=place.purpose
        )
    return row[0], row[1]


def _seal_row(rows: Rows, key: Key, place: Place, secret: Secret) -> None:
    sealed = seal(key, place, secret, secrets.token_bytes(NONCE_OCTETS))
    rows.run("UPDATE secrets SET key_id = ?, sealed = ? WHERE id = ?", key.id, sealed, place.row)
