"""CRAM-MD5: RFC 2195. Off by default: it needs a secret that can be read back."""

import hmac
import re
from dataclasses import dataclass, field

from pillarbox.base.names import Identity
from pillarbox.base.secret import Secret
from pillarbox.sasl.asked_name import asked_name
from pillarbox.sasl.client_exchange import Login, broken, octets_of, unfit
from pillarbox.sasl.exchange import Challenge, Exchange, Refusal, TryDigest
from pillarbox.sasl.facts import CRAM_MD5
from pillarbox.sasl.situation import Situation

CHALLENGE_OCTETS = 1024  # four times the longest message-id; a server that says more means no good
_RESPONSE = re.compile(rb"(?s:(.+)) ([0-9a-f]{32})")  # a name may hold spaces


def cram_digest(challenge: bytes, secret: Secret) -> str:
    """Return what a client sends behind its name: lower-case hexadecimal HMAC-MD5."""
    return hmac.digest(secret.reveal(), challenge, "md5").hex()


@dataclass(frozen=True, slots=True)
class CramProof:
    """The digest that a client sent, and the challenge that it answers."""

    challenge: bytes
    digest: str = field(repr=False)

    def is_of(self, secret: Secret) -> bool:
        """Say, in constant time, whether it was made with this secret."""
        expected = cram_digest(self.challenge, secret)
        return hmac.compare_digest(expected.encode(), self.digest.encode("utf-8", "replace"))


def begin_cram_md5(situation: Situation, initial: Secret | None) -> Exchange:
    """Run the server's side: RFC 2195, section 2. It speaks first: no initial response."""
    if initial is not None:
        return Refusal.BAD_RESPONSE  # RFC 5034, section 4
    challenge = _challenge(situation)
    response: Secret = yield Challenge(challenge)
    parts = _RESPONSE.fullmatch(response.reveal())
    if parts is None:
        return Refusal.BAD_RESPONSE
    name = asked_name(parts[1])
    if isinstance(name, Refusal):
        return name
    proof = CramProof(challenge, parts[2].decode("ascii"))
    outcome: Identity | Refusal = yield TryDigest(name, proof)
    return outcome


def _challenge(situation: Situation) -> bytes:
    """Return a message-id of random digits: RFC 2195, section 2. It is fresh without a clock."""
    digits = int.from_bytes(situation.nonce().encode("ascii"))
    return f"<{digits}@{situation.hostname}>".encode()


class CramMd5Client:
    """The client's side."""

    name = CRAM_MD5

    def __init__(self, login: Login) -> None:
        self._who = octets_of(login.name, CRAM_MD5)
        self._secret = login.secret
        self._is_answered = False
        if not self._who:
            raise unfit(CRAM_MD5)

    def initial(self) -> None:
        """Return nothing: the server speaks first."""

    def respond(self, challenge: bytes) -> Secret:
        """Return the name and the digest; raise MechanismFault where there is nothing to sign."""
        if self._is_answered or not 0 < len(challenge) <= CHALLENGE_OCTETS:
            raise broken(CRAM_MD5)
        self._is_answered = True
        return Secret(self._who + b" " + cram_digest(challenge, self._secret).encode("ascii"))

    def succeeded(self) -> None:
        """Accept: the server proves nothing in this mechanism."""
