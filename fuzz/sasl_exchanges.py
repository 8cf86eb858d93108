"""SASL: every server mechanism with any responses, every client mechanism with any challenges.

And both against each other, with a meddler between them. PBKDF2 is made cheap here: it is
OpenSSL's, and would take all the time. Nonces are the same every time, so that the fuzzer can
learn them.
"""

from collections.abc import Callable
from contextlib import suppress
from functools import cache
from itertools import count

from fuzz.knobs import Knobs, require
from pillarbox.base.errors import OperatorFault
from pillarbox.base.names import AccountId, Identity
from pillarbox.base.secret import Secret
from pillarbox.sasl import scram_keys
from pillarbox.sasl.client import ClientExchange, Login, MechanismFault, begin
from pillarbox.sasl.exchange import (
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
from pillarbox.sasl.mechanisms import MECHANISMS, Situation

MOST_OCTETS = 1024
UNFOLDED = 16_384  # more than a line may bring: wire/pop3/server.py, AUTH_OCTETS
BETWEEN = b"\xfe"  # stands between the messages of an input; no UTF-8 has it
MOST_CHALLENGES = 3  # of any mechanism
NAMES = tuple(MECHANISMS)
MROSE, SECRET, SALT = Identity(AccountId(1)), b"token", b"saltsalt"
END_POINT = bytes(range(32))
SIGNED = 3  # the messages of SCRAM that its proof covers: both first ones, and the client's final


def prepare() -> None:
    """Make PBKDF2 cheap, for the whole process."""
    scram_keys.salted_password = _cheap


def _cheap(password: bytes, salt: bytes, iterations: int, kind: ScramHash) -> bytes:
    return scram_keys.signature(password, salt + str(iterations).encode(), kind)


@cache
def verifiers(kind: ScramHash) -> list[ScramVerifier]:
    """Return what the one account's secret is checked with."""
    return [ScramVerifier(MROSE, *scram_keys.derive(SECRET, SALT, 4096, kind))]


def one_input(octets: bytes) -> None:
    """Run one exchange: no octets may surprise either side, and no forgery may let in."""
    knobs = Knobs(octets)
    run = knobs.choice((_serve, _be_client, _meddle))
    run(knobs.choice(NAMES), knobs)


class Accounts:
    """One account, or a reason why nobody is let in."""

    def __init__(self, refusal: Refusal | None) -> None:
        self._refusal = refusal

    def answer(self, ask: object) -> object:
        """Return what the ask asks for."""
        if self._refusal is not None:
            return self._refusal
        match ask:
            case TryPassword(name, secret) | TryToken(name, secret):
                return self._identity(name, is_right=secret.reveal() == SECRET)
            case TryDigest(name, proof):
                return self._identity(name, is_right=proof.is_of(Secret(SECRET)))
            case FindScram(name, kind):
                known = verifiers(kind) if name == "mrose" else []
                return ScramAccount(SALT, 4096, known)
            case _:
                raise AssertionError(ask)

    def _identity(self, name: str | None, *, is_right: bool) -> Identity | Refusal:
        if name is not None:
            name.encode("utf-8")  # a name must be one that a database can be asked for
        return MROSE if is_right and name in {None, "mrose"} else Refusal.NOT_ACCEPTED


REFUSALS = (None, *Refusal)


def advance(
    exchange: Exchange, accounts: Accounts, answer: Secret | None
) -> bytes | Identity | Refusal:
    """Return the next challenge's octets, or the outcome."""
    try:
        ask = exchange.send(answer)
        while not isinstance(ask, Challenge):
            ask = exchange.send(accounts.answer(ask))
    except StopIteration as end:
        outcome: Identity | Refusal = end.value
        require(isinstance(outcome, Identity | Refusal), "an outcome")
        return outcome
    return ask.octets


def _serve(name: str, knobs: Knobs) -> None:
    accounts, situation = Accounts(knobs.choice(REFUSALS)), _situation(knobs)
    has_initial = knobs.flag()
    said = [Secret(each) for each in knobs.unfolded(UNFOLDED).split(BETWEEN)]
    exchange = MECHANISMS[name].begin(situation, said.pop(0) if has_initial else None)
    heard = advance(exchange, accounts, None)
    for challenges in count(1):
        if not isinstance(heard, bytes):
            return
        require(challenges <= MOST_CHALLENGES, "a mechanism that goes on asking")
        heard = advance(exchange, accounts, said.pop(0) if said else Secret(b""))


def _situation(knobs: Knobs) -> Situation:
    end_point = END_POINT if knobs.flag() else None
    return Situation(lambda: "S" * 24, "mail.example.org", end_point, knobs.flag())


def _be_client(name: str, knobs: Knobs) -> None:
    end_point = END_POINT if knobs.flag() else None
    offers_plus, is_ours, ends_well = knobs.flag(), knobs.flag(), knobs.flag()
    said = knobs.unfolded(UNFOLDED).split(BETWEEN)
    who, secret = (
        ("mrose", SECRET) if is_ours else (_text(said.pop(0)), said.pop(0) if said else b"")
    )
    login = Login(who, Secret(secret), lambda: "C" * 24, end_point, offers_plus, "h.example", 995)
    try:
        client = begin(name, login)
    except OperatorFault:
        return
    with suppress(MechanismFault):
        _drive(client, said)
        if ends_well:
            client.succeeded()


def _text(octets: bytes) -> str:
    # A name from the command line may have octets that are no text.
    return octets.decode("utf-8", "surrogateescape")


def _drive(client: ClientExchange, said: list[bytes]) -> None:
    client.initial()
    for challenge in said:
        client.respond(challenge)
    require(len(said) <= MOST_CHALLENGES, "a client that goes on answering")


def _meddle(name: str, knobs: Knobs) -> None:
    """Let them talk, and change what they say on the way."""
    end_point = END_POINT if knobs.flag() else None
    login = Login("mrose", Secret(SECRET), lambda: "C" * 24, end_point, end_point is not None)
    situation = Situation(lambda: "S" * 24, "h", end_point, end_point is not None)
    try:
        client = begin(name, login)
    except OperatorFault:
        return
    meddler = _Meddler(knobs)
    with suppress(MechanismFault):
        outcome = _converse(name, situation, client, meddler)
        if isinstance(outcome, Identity):
            client.succeeded()
            forged = name.startswith("SCRAM") and meddler.first_change < SIGNED
            require(not forged, "a SCRAM message that was changed, and let in")
        elif not meddler.has_changed:
            require(outcome is Refusal.BAD_RESPONSE and end_point is None, "a right secret refused")


def _converse(
    name: str, situation: Situation, client: ClientExchange, meddler: "_Meddler"
) -> Identity | Refusal:
    accounts = Accounts(None)
    initial = client.initial()
    begin: Callable[[Situation, Secret | None], Exchange] = MECHANISMS[name].begin
    exchange = begin(
        situation, None if initial is None else Secret(meddler.passed(initial.reveal()))
    )
    said = advance(exchange, accounts, None)
    while isinstance(said, bytes):
        response = client.respond(meddler.passed(said))
        said = advance(exchange, accounts, Secret(meddler.passed(response.reveal())))
    return said


class _Meddler:
    """Passes messages on, some of them changed."""

    def __init__(self, knobs: Knobs) -> None:
        self._knobs = knobs
        self._passed = 0
        self.first_change = 99
        self._ways: tuple[Callable[[bytes, int], bytes], ...] = (
            lambda octets, _at: octets,
            lambda octets, at: octets[:at] + bytes([knobs.number(256)]) + octets[at + 1 :],
            lambda octets, at: octets[:at] + octets[at + 1 :],
            lambda octets, at: octets[:at] + bytes([knobs.number(256)]) + octets[at:],
            lambda octets, at: octets[:at],
            lambda octets, at: octets[at:],
            lambda octets, at: octets + octets[at:],
            lambda octets, at: octets[:at] + octets[at:].swapcase(),
        )

    @property
    def has_changed(self) -> bool:
        """Whether anything did not arrive as it was sent."""
        return self.first_change < self._passed

    def passed(self, octets: bytes) -> bytes:
        """Return what arrives."""
        way = self._knobs.choice(self._ways)
        arrived = way(octets, self._knobs.number(256) % (len(octets) + 1))
        if arrived != octets:
            self.first_change = min(self.first_change, self._passed)
        self._passed += 1
        return arrived


def _seeds() -> list[bytes]:
    first, final = b"n,,n=mrose,r=" + b"C" * 24, b"c=biws,r=" + b"C" * 24 + b"S" * 24 + b",p=AAAA"
    bearer = b"n,a=mrose,\1host=h\1port=995\1auth=Bearer token\1\1"
    said = {
        "PLAIN": [b"\0mrose\0token"],
        "LOGIN": [b"mrose", b"token"],
        "CRAM-MD5": [b"mrose 0123456789abcdef0123456789abcdef"],
        "XOAUTH2": [b"user=mrose\1auth=Bearer token\1\1", b""],
        "OAUTHBEARER": [bearer, b"\1"],
    }
    heard = [b"r=" + b"C" * 24 + b"S,s=c2FsdHNhbHQ=,i=4096", b"v=AAAAAAAAAAAAAAAAAAAAAAAAAAA="]
    seeds = []
    for number, name in enumerate(NAMES):
        responses = BETWEEN.join(said.get(name, [first, final, b""]))
        seeds += [bytes([0, number, 0, 1, 1, 0]) + responses]
        seeds += [bytes([0, number, 0, 0, 0, 1]) + responses]
        seeds += [bytes([1, number, 1, 1, 1, 1]) + BETWEEN.join([b"", *heard, b""])]
        seeds += [bytes([1, number, 1, 0, 0, 1]) + BETWEEN.join([b"m\xc2\xad", b"s", *heard])]
        seeds += [bytes([2, number, flag, *each]) for flag in (0, 1) for each in _CHANGES]
    return seeds


_CHANGES = (
    b"",
    b"\1\7a",
    b"\0\0\2\5",
    b"\0\0\0\0\3\5b",
    bytes([0, 0, 0, 0, 0, 0, 4, 9]),
    b"\6\0\6\0",
)
SEEDS = tuple(_seeds())
WORDS = (
    *(b"n,,", b"y,,", b"p=tls-server-end-point,,", b"a=", b"n=", b"r=", b"s=", b"i=", b"c=", b"v="),
    *(b"p=", b"m=", b"e=", b"=2C", b"=3D", b"C" * 24, b"S" * 24, b"user=", b"auth=Bearer ", b"\1"),
    *(b"host=", b"port=", b"\xc2\xad", b"\xef\xbc\xa1", b"4096", BETWEEN, b"mrose", b"token"),
)
