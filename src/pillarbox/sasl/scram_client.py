"""SCRAM, the client's side: RFC 5802, RFC 7677. We are logged in when the server has proven itself.

A server that does not know the account cannot sign. One that was given our password's hash by a
break-in can, and that is as far as SCRAM goes.
"""

import hmac
from collections.abc import Callable

from pillarbox.base.secret import Secret
from pillarbox.sasl import scram_keys
from pillarbox.sasl.client_exchange import Login, MechanismFault, UnfitFault, broken, unfit
from pillarbox.sasl.saslname import escape
from pillarbox.sasl.saslprep import prepare, prepare_password
from pillarbox.sasl.scram import Scram
from pillarbox.sasl.scram_messages import (
    END_POINT,
    ServerFirst,
    in_base64,
    read_server_final,
    read_server_first,
)

LEAST_ITERATIONS = 4096  # RFC 7677, section 4; fewer would help whoever listens guess
MOST_ITERATIONS = 10_000_000  # some seconds; more would only burn our processor


class ScramClient:
    """One attempt."""

    def __init__(self, scram: Scram, login: Login) -> None:
        """Raise UnfitFault for a name that SASLprep forbids, or -PLUS without an end point."""
        name = prepare(login.name)
        if name is None:
            raise unfit(scram.name)
        if scram.is_plus and not login.end_point:
            raise UnfitFault(
                "{mechanism} needs TLS with a certificate that it can be bound to.",
                mechanism=scram.name,
            )
        self._scram = scram
        self._login = login
        self._nonce = login.nonce()
        self._header = f"{_flag(scram, login)},,"
        self._bare = f"n={escape(name)},r={self._nonce}"
        self._next: Callable[[bytes], Secret] = self._begin
        self._expected = b""  # the server's signature
        self._is_proven = False

    @property
    def name(self) -> str:
        """The mechanism's name."""
        return self._scram.name

    def initial(self) -> Secret:
        """Return the first message."""
        return Secret(f"{self._header}{self._bare}".encode())

    def respond(self, challenge: bytes) -> Secret:
        """Return the next message."""
        return self._next(challenge)

    def succeeded(self) -> None:
        """Raise where the server has not proven that it knows the account."""
        if not self._is_proven:
            raise _unproven()

    def _begin(self, challenge: bytes) -> Secret:
        self._next = self._prove
        return self._prove(challenge) if challenge else self.initial()

    def _prove(self, challenge: bytes) -> Secret:
        first = read_server_first(challenge)
        if first is None or not self._extends_ours(first.nonce):
            raise broken(self.name)
        if not LEAST_ITERATIONS <= first.iterations <= MOST_ITERATIONS:
            raise MechanismFault(
                "The server asks for {iterations} rounds of hashing; we do {least} to {most}.",
                iterations=first.iterations,
                least=LEAST_ITERATIONS,
                most=MOST_ITERATIONS,
            )
        self._next = self._check
        return self._final(challenge.decode("utf-8"), first)

    def _extends_ours(self, nonce: str) -> bool:
        return nonce.startswith(self._nonce) and nonce != self._nonce

    def _final(self, server_first: str, first: ServerFirst) -> Secret:
        kind = self._scram.hash
        end_point = (self._login.end_point or b"") if self._scram.is_plus else b""
        binding = in_base64(self._header.encode("ascii") + end_point)
        without_proof = f"c={binding},r={first.nonce}"
        message = f"{self._bare},{server_first},{without_proof}".encode()
        given = self._login.secret.reveal()
        # A password that SASLprep forbids goes as it is: so do PostgreSQL's clients.
        password = prepare_password(given) or given
        salted = scram_keys.salted_password(password, first.salt, first.iterations, kind)
        server_key = scram_keys.server_key(salted, kind)
        self._expected = scram_keys.signature(server_key, message, kind)
        proof = scram_keys.proof(scram_keys.client_key(salted, kind), message, kind)
        return Secret(f"{without_proof},p={in_base64(proof)}".encode("ascii"))

    def _check(self, challenge: bytes) -> Secret:
        final = read_server_final(challenge)
        if final is None:
            raise broken(self.name)
        if final.signature is not None:
            if not hmac.compare_digest(final.signature, self._expected):
                raise _unproven()
            self._is_proven = True
        # A server that says an error says -ERR next.
        self._next = self._end
        return Secret(b"")

    def _end(self, _challenge: bytes) -> Secret:
        raise broken(self.name)


def _flag(scram: Scram, login: Login) -> str:
    """RFC 5802, section 6; `y` tells the server that we saw no offer, in case it made one."""
    if scram.is_plus:
        return f"p={END_POINT}"
    return "y" if login.end_point and not login.server_offers_plus else "n"


def _unproven() -> MechanismFault:
    return MechanismFault("The server did not prove that it knows the account.")
