"""A new home: the folder, its configuration, a test CA and a certificate, and an account to try."""

import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import resources
from pathlib import Path

from pillarbox.accounts.generate import generate_password
from pillarbox.app.build import System
from pillarbox.app.certificates import make_certificates
from pillarbox.app.home import Home
from pillarbox.app.template import configuration_text
from pillarbox.base.errors import OperatorFault
from pillarbox.base.secret import Secret
from pillarbox.store.disk import Disk, said_as_store_fault

ACCOUNT = "post"
HOSTNAME = re.compile(r"[A-Za-z0-9:][A-Za-z0-9.:-]{0,63}")  # X.520: the longest common name


@dataclass(frozen=True, slots=True)
class FirstAccount:
    """What is told once, on the screen of whoever made the home."""

    name: str
    password: Secret


def make_home(home: Home, hostname: str, say: Callable[[str], str]) -> None:
    """Make a home; raises OperatorFault where there is one, and StoreFault.

    The configuration comes last: a home that has one is whole.
    """
    if home.configuration.exists():
        raise OperatorFault("There is a home in {folder} already.", folder=home.folder)
    if not HOSTNAME.fullmatch(hostname):
        raise OperatorFault("{hostname!r} cannot be a hostname.", hostname=hostname)
    pem = make_certificates(hostname, datetime.now(UTC))
    with said_as_store_fault(home.folder):
        for folder in (home.folder, home.tls, home.run):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        _write(home.ca, pem.ca, 0o644)
        _write(home.tls / "server.pem", pem.certificate, 0o644)
        _write(home.tls / "server.key", pem.key, 0o600)
        _write(home.configuration, configuration_text(hostname, say).encode("utf-8"), 0o600)


def add_first_account(system: System) -> FirstAccount:
    """Add an account with a password of ours, and a few messages of ours in its maildrop."""
    password = generate_password()
    account = system.accounts.add(ACCOUNT, system.passwords.verifiers(ACCOUNT, password))
    samples = resources.files("pillarbox") / "samples"
    for sample in sorted(samples.iterdir(), key=lambda file: file.name):
        with system.store.incoming() as incoming:
            incoming.write(sample.read_bytes())
            kept = incoming.keep()
        system.store.deliver(kept, account.id)
    return FirstAccount(ACCOUNT, password)


def _write(path: Path, octets: bytes, mode: int) -> None:
    disk = Disk()
    unfinished = path.with_name(path.name + ".new")
    descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, mode)
    with os.fdopen(descriptor, "wb") as file:
        file.write(octets)
        file.flush()
        disk.sync(descriptor)
    disk.rename(unfinished, path)
    disk.sync_folder(path.parent)
