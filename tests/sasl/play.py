"""Plays a mechanism's client side against its server side, in memory, with accounts of its own."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from pillarbox.base.names import AccountId, DeviceId, Identity
from pillarbox.base.secret import Secret
from pillarbox.sasl.client import ClientExchange, Login
from pillarbox.sasl.exchange import (
    Ask,
    Challenge,
    Exchange,
    FindScram,
    Refusal,
    ScramAccount,
    ScramHash,
    ScramVerifier,
    TryDigest,
    TryPassword,
    TryToken,
)
from pillarbox.sasl.saslprep import prepare, prepare_password
from pillarbox.sasl.scram_keys import derive
from pillarbox.sasl.situation import Situation

MROSE = Identity(AccountId(1))
PHONE = Identity(AccountId(1), DeviceId(7))
END_POINT = bytes(range(32))
OTHER_END_POINT = bytes(range(1, 33))
SALT = b"saltsaltsalt"
ITERATIONS = 4096


@dataclass
class Accounts:
    """One account, and what it was asked."""

    name: str = "mrose"
    secrets: Sequence[tuple[bytes, Identity]] = ((b"correct horse", MROSE),)
    refusal: Refusal = Refusal.NOT_ACCEPTED
    asked: list[Ask] = field(default_factory=list)

    def answer(self, ask: Ask) -> Any:
        self.asked.append(ask)
        match ask:
            case TryPassword(name, secret) | TryToken(name, secret):
                return self._find(name, lambda known: known == secret.reveal())
            case TryDigest(name, proof):
                return self._find(name, lambda known: proof.is_of(Secret(known)))
            case FindScram(name, kind):
                return self._scram(name, kind)
        raise AssertionError(ask)

    def _find(self, name: str | None, is_it: Callable[[bytes], bool]) -> Identity | Refusal:
        if not self._is_ours(name):
            return self.refusal
        return next((who for secret, who in self.secrets if is_it(secret)), self.refusal)

    def _scram(self, name: str, kind: ScramHash) -> ScramAccount | Refusal:
        if self.refusal is not Refusal.NOT_ACCEPTED:
            return self.refusal
        known = self.secrets if self._is_ours(name) else ()
        return ScramAccount(SALT, ITERATIONS, [verifier(*each, kind) for each in known])

    def _is_ours(self, name: str | None) -> bool:
        # An account's name is prepared when it is made.
        return name is None or name == (prepare(self.name) or self.name)


def verifier(secret: bytes, identity: Identity, kind: ScramHash) -> ScramVerifier:
    keys = derive(prepare_password(secret) or secret, SALT, ITERATIONS, kind)
    return ScramVerifier(identity, *keys)


def nonces(prefix: str) -> Callable[[], str]:
    """Return what gives a fresh nonce at every call."""
    numbers: Iterator[int] = count()
    return lambda: f"{prefix}{next(numbers):024}"


def situation(end_point: bytes | None = None, *, offers_plus: bool | None = None) -> Situation:
    offers = end_point is not None if offers_plus is None else offers_plus
    return Situation(nonces("S"), "mail.example.org", end_point, offers)


def login(
    name: str = "mrose",
    secret: bytes = b"correct horse",
    end_point: bytes | None = None,
    *,
    server_offers_plus: bool = False,
) -> Login:
    return Login(name, Secret(secret), nonces("C"), end_point, server_offers_plus)


def advance(exchange: Exchange, accounts: Accounts, answer: Secret | None) -> Any:
    """Return the next challenge's octets, or the outcome."""
    try:
        ask = exchange.send(answer)
        while not isinstance(ask, Challenge):
            ask = exchange.send(accounts.answer(ask))
    except StopIteration as end:
        return end.value
    return ask.octets


def converse(
    begin: Callable[[Secret | None], Exchange],
    accounts: Accounts,
    client: ClientExchange,
    *,
    sends_initial: bool = True,
) -> Identity | Refusal:
    """Return how it ends; the client agrees where somebody was let in."""
    initial = client.initial()
    exchange = begin(initial if sends_initial else None)
    said = advance(exchange, accounts, None)
    while isinstance(said, bytes):
        said = advance(exchange, accounts, client.respond(said))
    if isinstance(said, Identity):
        client.succeeded()
    outcome: Identity | Refusal = said
    return outcome


def say(
    begin: Callable[[Secret | None], Exchange],
    *said: bytes | None,
    accounts: Accounts | None = None,
) -> list[Any]:
    """Return what the server says to these responses; the first one is initial, or None."""
    known = accounts or Accounts()
    exchange = begin(None if said[0] is None else Secret(said[0]))
    answers = (None, *(Secret(octets or b"") for octets in said[1:]))
    return [advance(exchange, known, answer) for answer in answers]
