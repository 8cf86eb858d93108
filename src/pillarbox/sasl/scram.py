"""SCRAM, the server's side: RFC 5802, RFC 7677, with and without channel binding.

The server keeps nothing that lets anybody log in, and proves to the client that it knows the
account. An unknown name takes the same steps, as long, to the same refusal.
"""

import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import repeat

from pillarbox.base.secret import Secret
from pillarbox.sasl.exchange import (
    Challenge,
    Exchange,
    FindScram,
    Refusal,
    ScramAccount,
    ScramHash,
    ScramVerifier,
    first_message,
)
from pillarbox.sasl.facts import (
    FACTS,
    SCRAM_SHA_1,
    SCRAM_SHA_1_PLUS,
    SCRAM_SHA_256,
    SCRAM_SHA_256_PLUS,
)
from pillarbox.sasl.saslprep import prepare
from pillarbox.sasl.scram_keys import OCTETS, proves, signature
from pillarbox.sasl.scram_messages import (
    END_POINT,
    ClientFinal,
    ClientFirst,
    in_base64,
    read_client_final,
    read_client_first,
)
from pillarbox.sasl.situation import Situation

LEAST_TRIES = 8  # as many as most accounts have credentials: neither none nor a few shows in time


@dataclass(frozen=True, slots=True)
class Scram:
    """One of the four mechanisms."""

    name: str
    hash: ScramHash

    @property
    def is_plus(self) -> bool:
        """Whether it is bound to the channel."""
        return FACTS[self.name].needs_end_point

    def begin(self, situation: Situation, initial: Secret | None) -> Exchange:
        """Run the server's side: RFC 5802, section 5."""
        first = read_client_first((yield from first_message(initial)).reveal())
        if first is None or not self._may_go_on(first, situation):
            return Refusal.BAD_RESPONSE
        name = prepare(first.name)
        if name is None:
            return Refusal.NOT_ACCEPTED  # nobody has it: RFC 3206, section 6
        account: ScramAccount | Refusal = yield FindScram(name, self.hash)
        if isinstance(account, Refusal):
            return account
        nonce = first.nonce + situation.nonce()
        server_first = f"r={nonce},s={in_base64(account.salt)},i={account.iterations}"
        final = read_client_final((yield Challenge(server_first.encode("ascii"))).reveal())
        binding = self._binding(first, situation)
        if final is None or not self._fits(final, nonce, binding):
            return Refusal.BAD_RESPONSE
        message = f"{first.bare},{server_first},{final.without_proof}".encode()
        verifier = self._prover(account.verifiers, message, final.proof)
        if verifier is None:
            return Refusal.NOT_ACCEPTED
        signed = in_base64(signature(verifier.server_key, message, self.hash))
        # RFC 5034, section 4: POP3's +OK carries no data, so it goes ahead in a challenge.
        acknowledgement: Secret = yield Challenge(f"v={signed}".encode("ascii"))
        return Refusal.BAD_RESPONSE if acknowledgement.reveal() else verifier.identity

    def _may_go_on(self, first: ClientFirst, situation: Situation) -> bool:
        """RFC 5802, section 6; `y` where we do offer binding means that somebody hid the offer."""
        if first.acting_as not in {None, first.name}:
            return False
        if self.is_plus:
            return first.binding == END_POINT and situation.end_point is not None
        return first.flag == "n" or (first.flag == "y" and not situation.offers_plus)

    def _binding(self, first: ClientFirst, situation: Situation) -> str:
        """Return what `c=` must be: section 5.1."""
        end_point = (situation.end_point or b"") if self.is_plus else b""
        return in_base64(first.header.encode("utf-8") + end_point)

    def _fits(self, final: ClientFinal, nonce: str, binding: str) -> bool:
        return (
            hmac.compare_digest(final.nonce, nonce)
            and hmac.compare_digest(final.binding, binding)
            and len(final.proof) == OCTETS[self.hash]
        )

    def _prover(
        self, verifiers: Sequence[ScramVerifier], message: bytes, proof: bytes
    ) -> ScramVerifier | None:
        """Return whose proof it is. Every verifier is tried, whichever fits."""
        found: ScramVerifier | None = None
        for verifier in [*verifiers, *repeat(None, LEAST_TRIES - len(verifiers))]:
            # No key has a hash of nothing but zeros, as far as anybody will ever know.
            stored = verifier.stored_key if verifier else bytes(OCTETS[self.hash])
            if proves(stored, message, proof, self.hash) and found is None:
                found = verifier
        return found


SCRAMS = (
    Scram(SCRAM_SHA_256_PLUS, ScramHash.SHA_256),
    Scram(SCRAM_SHA_1_PLUS, ScramHash.SHA_1),
    Scram(SCRAM_SHA_256, ScramHash.SHA_256),
    Scram(SCRAM_SHA_1, ScramHash.SHA_1),
)
