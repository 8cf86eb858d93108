"""The ways that an alert is told by: a command, a mail, a web server, and what apprise knows."""

import importlib
import logging
import os
from asyncio.subprocess import PIPE
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from pillarbox.app.alert_words import Words
from pillarbox.app.home import Home
from pillarbox.app.program import started
from pillarbox.app.settings import Alerts as Settings
from pillarbox.base.errors import OperatorFault, PeerFault
from pillarbox.base.names import AccountId
from pillarbox.base.secret import Secret
from pillarbox.journal.alerts import Alert
from pillarbox.net.pool import Pool
from pillarbox.net.post_form import is_safe_url, post_json
from pillarbox.store.deposit import Deposit

SECONDS = 30.0  # for one way to tell one alert; a program that hangs holds up the next alert
FILE_OCTETS = 65_536
GIVEN_ON = ("PATH", "HOME", "LANG", "LC_ALL")  # of our environment; the rest may name secrets


class Way(Protocol):
    """One way to tell somebody."""

    @property
    def name(self) -> str:
        """What it is called in the database and in the journal; holds no secret."""
        ...

    async def tell(self, alert: Alert) -> None:
        """Return when somebody has been told; raises Fault, and may be cancelled."""
        ...


class Sender(Protocol):
    """What apprise makes of one URL."""

    def notify(self, body: str, title: str) -> bool | None:
        """Say whether somebody was told."""
        ...


class CommandWay:
    """Runs a program, without a shell, with the alert as JSON on its stdin."""

    name = "command"

    def __init__(self, command: Sequence[str], words: Words) -> None:
        self._command = command
        self._words = words

    async def tell(self, alert: Alert) -> None:
        """Return when the program has ended with 0; one that is cut short is ended."""
        environment = {name: os.environ[name] for name in GIVEN_ON if name in os.environ}
        try:
            async with started(self._command, stdin=PIPE, environment=environment) as process:
                await process.communicate(self._words.json(alert))
        except (OSError, ValueError) as error:
            raise OperatorFault("{program}: {why}.", program=self._command[0], why=error) from error
        if process.returncode:
            raise OperatorFault(
                "{program} ended with {code}.",
                program=self._command[0],
                code=process.returncode,
            )


class MailWay:
    """Delivers a message into the maildrop of the account that the alert is about."""

    name = "mail"

    def __init__(self, store: Deposit, disk: Pool, words: Words) -> None:
        self._store = store
        self._disk = disk
        self._words = words

    async def tell(self, alert: Alert) -> None:
        """Return when it is durable. An alert about nobody who is here has nobody to go to."""
        if alert.account is not None and not alert.is_removed:
            await self._disk.run(self._deliver, self._words.mail(alert), alert.account)

    def _deliver(self, octets: bytes, account: AccountId) -> None:
        with self._store.incoming() as incoming:
            incoming.write(octets)
            kept = incoming.keep()
        self._store.deliver(kept, account)


class WebhookWay:
    """Posts the alert as JSON to a web server."""

    name = "webhook"

    def __init__(self, url: Secret, threads: Pool, words: Words) -> None:
        self._url = url
        self._threads = threads
        self._words = words

    async def tell(self, alert: Alert) -> None:
        """Return when the server has answered with a status from 200 to 299."""
        await self._threads.run(post_json, self._url, self._words.json(alert))


class AppriseWay:
    """Hands the alert to apprise, for one of the services that it knows."""

    def __init__(self, number: int, sender: Sender, threads: Pool, words: Words) -> None:
        self.name = f"apprise-{number}"
        self._sender = sender
        self._threads = threads
        self._words = words

    async def tell(self, alert: Alert) -> None:
        """Return when apprise says that it was told."""
        title, body = self._words.sentence(alert), self._words.text(alert)
        if not await self._threads.run(self._sender.notify, body, title):
            raise PeerFault("apprise could not tell it")


def build_ways(
    home: Home, settings: Settings, words: Words, store: Deposit, pools: tuple[Pool, Pool]
) -> list[Way]:
    """Return the ways of the configuration; raises OperatorFault where one cannot be.

    The pools: for the disk, and for what waits for others.
    """
    disk, threads = pools
    ways: list[Way] = []
    if settings.command:
        ways.append(CommandWay(settings.command, words))
    if settings.mail:
        ways.append(MailWay(store, disk, words))
    if settings.webhook_file:
        ways.append(WebhookWay(_webhook(home.below(settings.webhook_file)), threads, words))
    if settings.apprise_file:
        ways += _apprise(home.below(settings.apprise_file), threads, words)
    return ways


def _webhook(path: Path) -> Secret:
    urls = _lines(path)
    if len(urls) != 1 or not is_safe_url(urls[0]):
        raise OperatorFault(
            "{path} must hold one URL: https, or http on loopback, without a name or a password"
            " in it.",
            path=path,
        )
    return Secret(urls[0].encode("ascii"))


def _apprise(path: Path, threads: Pool, words: Words) -> list[AppriseWay]:
    try:
        apprise = importlib.import_module("apprise")
    except ModuleNotFoundError:
        raise OperatorFault(
            'alerts.apprise_file needs apprise, which is not installed: "pip install'
            ' pillarbox[apprise]".'
        ) from None
    # What it logs may show URLs, which are secrets.
    logger = logging.getLogger("apprise")
    logger.addHandler(logging.NullHandler())
    logger.propagate = False
    ways = []
    for number, url in enumerate(_lines(path), start=1):
        sender = apprise.Apprise()
        if not sender.add(url):
            raise OperatorFault(
                "{path}, line {line}: this is no URL that apprise knows.", path=path, line=number
            )
        ways.append(AppriseWay(number, sender, threads, words))
    return ways


def _lines(path: Path) -> list[str]:
    """Return a file's lines that are not empty; raises OperatorFault, which shows none of them."""
    try:
        with path.open("rb") as file:
            octets = file.read(FILE_OCTETS + 1)
        text = octets.decode("utf-8")
    except OSError as error:
        raise OperatorFault("{path}: {why}.", path=path, why=error.strerror) from error
    except UnicodeDecodeError:
        raise OperatorFault("{path} is not UTF-8.", path=path) from None
    lines = [line.strip() for line in text.splitlines()]
    found = [line for line in lines if line and not line.startswith("#")]
    if not found or len(octets) > FILE_OCTETS:
        raise OperatorFault("{path} holds no URL, or too much.", path=path)
    return found
