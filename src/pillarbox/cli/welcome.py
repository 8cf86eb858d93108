"""What `pillarbox up` says once it serves: what runs, whom to trust, and what to try."""

import json
import sys
from collections.abc import Sequence
from pathlib import Path

from pillarbox.app.build import System
from pillarbox.app.first_run import FirstAccount
from pillarbox.app.settings import Configuration
from pillarbox.cli.words import _

KINDS = {
    "pop3": "POP3 (STLS)",
    "pop3s": "POP3S",
    "pop3s_proxied": "POP3S/PROXY",
    "pop2": "POP2",
    "pop1": "POP1",
    "lmtp": "LMTP",
}


def welcome(system: System, config: Configuration, first: FirstAccount | None) -> str:
    """Return what to print; a first account's password is in it, this once."""
    home = system.home
    listeners = json.loads(home.listeners.read_text("ascii"))
    lines = ["", _("Pillarbox is running. Its home is {folder}.").format(folder=home.folder)]
    for kind, addresses in listeners.items():
        if addresses:
            shown = ", ".join(map(_shown, addresses))
            lines.append(f"  {KINDS[kind]:<12} {shown}")
    lines.append("  " + _("CA to trust: {path}").format(path=home.ca))
    lines += ["", *_account(system, first)]
    name = first.name if first else _any_account(system)
    address = next((each for each in listeners["pop3s"] if len(each) > 1), None)  # no unix socket
    if name and address:
        lines += ["", _("Try:"), *_commands(system, config, name, address)]
    return "\n".join([*lines, "", _("Ctrl-C stops it; nothing is lost.")])


def _shown(address: Sequence[str | int]) -> str:
    host, *port = map(str, address)
    return ":".join([f"[{host}]" if ":" in host else host, *port])


def _account(system: System, first: FirstAccount | None) -> list[str]:
    if first is None:
        names = ", ".join(account.name for account in system.accounts.list())
        return [_("Accounts: {names}").format(names=names)]
    password = first.password.reveal().decode("ascii")
    return [
        _("Account: {name}").format(name=first.name),
        _("Password: {password}   (shown this once)").format(password=password),
    ]


def _any_account(system: System) -> str | None:
    return next((account.name for account in system.accounts.list()), None)


def _commands(
    system: System, config: Configuration, name: str, address: Sequence[str | int]
) -> list[str]:
    home, server = system.home, _shown(address)
    pillarbox = f"{_program()} --home {home.folder}"
    collect = f"{pillarbox} collect"
    remote = (
        f"{pillarbox} remote add self --server {server} --user {name}"
        f" --account {name} --ca {home.ca}"
    )
    client = _("a mail client: POP3, {host}, port {port}, SSL/TLS, user {name}")
    return [
        f"  curl --cacert {home.ca} --user {name} pop3s://{server}/1",
        f"  {remote} && {collect}",
        "  " + client.format(host=config.hostname, port=address[1], name=name),
    ]


def _program() -> str:
    """Return how we were started, so that what is printed runs as it is typed."""
    started = Path(sys.argv[0])
    return f"{sys.executable} -m pillarbox" if started.name == "__main__.py" else str(started)
