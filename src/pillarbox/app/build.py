"""Makes the real things, each once, and joins them: the only place that does."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from pillarbox.accounts.accounts import Accounts
from pillarbox.accounts.app_passwords import AppPasswords
from pillarbox.accounts.argon2id import Argon2id
from pillarbox.accounts.devices import Devices
from pillarbox.accounts.digests import Digests
from pillarbox.accounts.ended_sessions import EndedSessions
from pillarbox.accounts.entry import Entry
from pillarbox.accounts.incident import Incidents
from pillarbox.accounts.master_key import find_master_key
from pillarbox.accounts.oauth.kept import Grants
from pillarbox.accounts.passwords import Passwords
from pillarbox.accounts.remotes import Remotes
from pillarbox.accounts.reviewed import Reviewed
from pillarbox.accounts.scram import Scram, ScramPolicy
from pillarbox.accounts.second_factor.second_factor import SecondFactors
from pillarbox.accounts.secret_store import SecretStore
from pillarbox.accounts.site_keys import SiteKeys
from pillarbox.accounts.throttle.names import ThrottledNames
from pillarbox.accounts.throttle.throttle import Throttle
from pillarbox.app.account_policy import account_policy_of
from pillarbox.app.admission import Admission
from pillarbox.app.clock import SystemClock
from pillarbox.app.config import load
from pillarbox.app.home import Home
from pillarbox.app.settings import Collect, Configuration
from pillarbox.app.turns import Turns
from pillarbox.archive.keep import Archive
from pillarbox.archive.ledger import Ledger
from pillarbox.archive.listing import Listing
from pillarbox.base.clock import Clock
from pillarbox.base.errors import StoreFault
from pillarbox.db.sqlite import Database
from pillarbox.journal.sessions import Sessions
from pillarbox.store.blobs.files import FileBlobs
from pillarbox.store.disk import Disk
from pillarbox.store.ledger.takeover import Takeover
from pillarbox.store.purge import Purge
from pillarbox.store.quota import Quotas
from pillarbox.store.retention import Retention
from pillarbox.store.sqlite import SqliteStore
from pillarbox.store.undo import Undo


@dataclass(frozen=True, slots=True)
class System:
    """Everything below the servers and the command line."""

    home: Home
    clock: Clock
    disk: Disk
    database: Database
    blobs: FileBlobs
    store: SqliteStore
    quotas: Quotas
    undo: Undo
    purge: Purge
    accounts: Accounts
    passwords: Passwords
    scram: Scram
    devices: Devices
    second_factors: SecondFactors
    reviewed: Reviewed
    admission: Admission
    secrets: SecretStore
    remotes: Remotes
    grants: Grants
    turns: Turns
    archive: Archive
    ledger: Ledger
    takeover: Takeover
    retention: Retention
    listing: Listing
    endings: EndedSessions
    incidents: Incidents
    throttle: Throttle
    sessions: Sessions
    collect: Collect


@contextmanager
def opened(home: Home) -> Iterator[System]:
    """Give the system of an existing home; raises OperatorFault and StoreFault."""
    config = load(home)
    _refuse_lost_database(home)
    database = Database(home.database)
    try:
        yield _build(home, database, config)
    finally:
        database.close()


def _build(home: Home, database: Database, config: Configuration) -> System:
    clock, disk = SystemClock(), Disk()
    blobs = FileBlobs(home.blobs, disk)
    leases = home.run / "maildrops"
    site = account_policy_of(config)
    quotas = Quotas(database, config.policy.quota_octets)
    store = SqliteStore(database, blobs, leases, clock, site)
    secrets = SecretStore(database, find_master_key(home.keys, _credentials(), disk), clock)
    proofs = _build_proofs(database, secrets, clock, config)
    remotes, turns = Remotes(database, secrets, clock), Turns(home.token_turns)
    return System(
        home=home,
        clock=clock,
        disk=disk,
        database=database,
        blobs=blobs,
        store=store,
        quotas=quotas,
        undo=Undo(database, clock, config.policy.grace_days),
        purge=Purge(database, blobs, clock, config.policy.grace_days),
        accounts=Accounts(database, clock),
        passwords=proofs.passwords,
        scram=proofs.scram,
        devices=proofs.devices,
        second_factors=SecondFactors(database, clock, secrets, SiteKeys(secrets)),
        reviewed=Reviewed(database, clock, Argon2id(), proofs.scram),
        admission=proofs.admission,
        secrets=secrets,
        remotes=remotes,
        grants=Grants(remotes, clock, turns),
        turns=turns,
        archive=Archive(store, database, clock, quotas),
        ledger=Ledger(database),
        takeover=Takeover(database, blobs, leases, clock, site),
        retention=Retention(database, clock, site),
        listing=Listing(database, store),
        endings=EndedSessions(database),
        incidents=Incidents(database, clock, proofs.throttle),
        throttle=proofs.throttle,
        sessions=Sessions(database),
        collect=config.collect,
    )


@dataclass(frozen=True, slots=True)
class _Proofs:
    """What somebody who logs in is tried against."""

    passwords: Passwords
    scram: Scram
    devices: Devices
    admission: Admission
    throttle: Throttle


def _build_proofs(
    database: Database, secrets: SecretStore, clock: Clock, config: Configuration
) -> _Proofs:
    keys = SiteKeys(secrets)
    scram = Scram(database, keys, ScramPolicy(config.auth.scram_sha_1_for_main_passwords))
    app_passwords = AppPasswords(database, keys)
    passwords = Passwords(database, clock, Argon2id(), scram, app_passwords)
    passwords.remember(config.auth.cache_seconds)
    throttle = Throttle(database, clock, ThrottledNames(keys))
    used = None if config.auth.allow_unlimited_guesses else throttle
    entry = Entry(database, clock, config.policy.login_delay_seconds)
    return _Proofs(
        passwords,
        scram,
        Devices(database, clock, app_passwords, scram, secrets),
        Admission(passwords, Digests(database, secrets), scram, entry, throttle=used),
        throttle,
    )


def _refuse_lost_database(home: Home) -> None:
    """Raise StoreFault where there is mail and no database: new unique-ids would double it all."""
    has_mail = home.blobs.exists() and any(home.blobs.glob("??/*"))
    if has_mail and not home.database.exists():
        raise StoreFault(
            "{path} is missing, though there is mail. Restore it from a backup: it alone knows"
            " which message is whose.",
            path=home.database,
        )


def _credentials() -> Path | None:
    folder = os.environ.get("CREDENTIALS_DIRECTORY")  # systemd.exec(5)
    return Path(folder) if folder else None
