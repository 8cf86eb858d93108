"""SCRAM's server: the examples of the RFCs, and everything that it must refuse."""

import base64
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from itertools import count
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pillarbox.base.names import AccountId, Identity
from pillarbox.base.secret import Secret
from pillarbox.sasl import scram, scram_keys
from pillarbox.sasl.client import MechanismFault, begin
from pillarbox.sasl.exchange import FindScram, Refusal, ScramAccount, ScramHash, ScramVerifier
from pillarbox.sasl.mechanisms import MECHANISMS
from pillarbox.sasl.scram import LEAST_TRIES, SCRAMS, Scram
from pillarbox.sasl.situation import Situation
from tests.sasl.play import (
    END_POINT,
    ITERATIONS,
    MROSE,
    OTHER_END_POINT,
    PHONE,
    SALT,
    Accounts,
    advance,
    login,
    say,
    situation,
    verifier,
)

PLUS_256, PLUS_1, PLAIN_256, PLAIN_1 = SCRAMS
BINDING = "tls-server-end-point"
NAMES = [name for name in MECHANISMS if name.startswith("SCRAM")]


@dataclass
class Example:
    """A whole exchange as an RFC prints it."""

    kind: ScramHash
    salt: str
    client_nonce: str
    server_nonce: str
    proof: str
    signature: str


EXAMPLES = [
    Example(  # RFC 5802, section 5
        ScramHash.SHA_1,
        "QSXCR+Q6sek8bf92",
        "fyko+d2lbbFgONRv9qkxdawL",
        "3rfcNHYJY1ZVvWVs7j",
        "v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=",
        "rmF9pqV8S7suAoZWja4dJRkFsKQ=",
    ),
    Example(  # RFC 7677, section 3
        ScramHash.SHA_256,
        "W22ZaJ0SNY7soEsUEjb6gQ==",
        "rOprNGfwEbeRWgbNEkqO",
        "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0",
        "dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=",
        "6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=",
    ),
]


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.kind)
def test_server_and_client_say_what_the_rfc_prints(example: Example) -> None:
    salt = base64.b64decode(example.salt)
    keys = scram_keys.derive(b"pencil", salt, 4096, example.kind)
    account = ScramAccount(salt, 4096, [ScramVerifier(MROSE, *keys)])
    site = replace(situation(), nonce=lambda: example.server_nonce)
    mechanism = {ScramHash.SHA_1: PLAIN_1, ScramHash.SHA_256: PLAIN_256}[example.kind]
    client = begin(
        mechanism.name, replace(login("user", b"pencil"), nonce=lambda: example.client_nonce)
    )
    both = example.client_nonce + example.server_nonce
    lines = [
        f"n,,n=user,r={example.client_nonce}",
        f"r={both},s={example.salt},i=4096",
        f"c=biws,r={both},p={example.proof}",
        f"v={example.signature}",
    ]

    initial = client.initial()
    assert initial is not None
    exchange = mechanism.begin(site, initial)
    assert FindScram("user", example.kind) == next(exchange)
    server_first: Any = exchange.send(account)
    final = client.respond(server_first.octets)
    server_final: Any = exchange.send(final)
    end = client.respond(server_final.octets)
    with pytest.raises(StopIteration) as outcome:
        exchange.send(end)
    client.succeeded()

    heard = [initial.reveal(), server_first.octets, final.reveal(), server_final.octets]
    assert lines == [octets.decode() for octets in heard]
    assert MROSE == outcome.value.value


def other_spelling(right: str) -> str:
    """Return base64 that a lax decoder reads alike: the unused bits of the last digit are set."""
    digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    return right[:-2] + digits[digits.index(right[-2]) + 1] + "="


@dataclass
class Forger:
    """A client that does everything right, but for what it is told to do otherwise."""

    mechanism: Scram = PLAIN_256
    end_point: bytes | None = None
    offers_plus: bool = False
    header: str = "n,,"
    bare: str = "n=mrose,r=cnonce"
    password: bytes = b"correct horse"
    bound_to: bytes = b""
    more: str = ""
    nonce: Callable[[str], str] = str
    proof: Callable[[bytes], bytes] = bytes
    spelling: Callable[[str], str] = str
    binding: Callable[[str], str] = str

    def play(self, accounts: Accounts | None = None) -> Any:
        """Return how it ends; the server's last challenge is answered with nothing."""
        known = accounts or Accounts()
        site = Situation(lambda: "snonce", "mail.example.org", self.end_point, self.offers_plus)
        exchange = self.mechanism.begin(site, Secret((self.header + self.bare).encode()))
        said = advance(exchange, known, None)
        if isinstance(said, bytes):
            said = advance(exchange, known, Secret(self._final(said.decode())))
        return advance(exchange, known, Secret(b"")) if isinstance(said, bytes) else said

    def _final(self, server_first: str) -> bytes:
        kind = self.mechanism.hash
        bound = base64.b64encode(self.header.encode() + self.bound_to).decode()
        nonce = self.nonce(server_first.split(",", maxsplit=1)[0].removeprefix("r="))
        without_proof = f"c={self.binding(bound)},r={nonce}{self.more}"
        message = f"{self.bare},{server_first},{without_proof}".encode()
        salted = scram_keys.salted_password(self.password, SALT, ITERATIONS, kind)
        proof = scram_keys.proof(scram_keys.client_key(salted, kind), message, kind)
        spelled = self.spelling(base64.b64encode(self.proof(proof)).decode())
        return f"{without_proof},p={spelled}".encode()


BOUND = Forger(PLUS_256, END_POINT, offers_plus=True, header=f"p={BINDING},,", bound_to=END_POINT)


@pytest.mark.parametrize(
    "forger",
    [
        Forger(),
        Forger(PLAIN_1),
        Forger(header="y,,"),
        Forger(header="n,a=mrose,"),
        Forger(offers_plus=True),
        Forger(end_point=END_POINT),
        Forger(bare="n=mrose,r=c,Z=unknown"),
        Forger(more=",Z=unknown"),
        BOUND,
        replace(BOUND, header=f"p={BINDING},a=mrose,"),
        replace(BOUND, mechanism=PLUS_1),
    ],
)
def test_these_are_let_in(forger: Forger) -> None:
    assert MROSE == forger.play()


@pytest.mark.parametrize(
    "forger",
    [
        # RFC 5802, section 6: the flag, with which somebody may want to downgrade us.
        Forger(header="y,,", offers_plus=True),
        Forger(header="y,,", end_point=END_POINT, offers_plus=True),
        Forger(header=f"p={BINDING},,"),
        Forger(header=f"p={BINDING},,", end_point=END_POINT, bound_to=END_POINT, offers_plus=True),
        replace(BOUND, header="n,,", bound_to=b""),
        replace(BOUND, header="y,,", bound_to=b""),
        replace(BOUND, header="p=tls-unique,,"),
        replace(BOUND, header="p=tls-exporter,,"),
        replace(BOUND, header="p=TLS-SERVER-END-POINT,,"),
        replace(BOUND, end_point=None, bound_to=b""),
        replace(BOUND, end_point=None),
        # What is bound.
        replace(BOUND, bound_to=OTHER_END_POINT),
        replace(BOUND, bound_to=END_POINT[:-1]),
        replace(BOUND, bound_to=b""),
        Forger(bound_to=END_POINT),
        Forger(binding=lambda _: base64.b64encode(b"y,,").decode()),
        Forger(binding=lambda _: base64.b64encode(b"n,a=root,").decode()),
        Forger(binding=lambda bound: bound + "===="),
        Forger(header="n,a=mrose,", binding=lambda bound: bound[:-2] + "x="),
        # Who it is.
        Forger(header="n,a=root,"),
        # The nonce.
        Forger(nonce=lambda _: "cnonce"),
        Forger(nonce=lambda _: "snonce"),
        Forger(nonce=lambda both: both[:-1]),
        Forger(nonce=lambda both: both + "x"),
        Forger(nonce=lambda both: both.upper()),
        # Extensions.
        Forger(bare="m=x,n=mrose,r=cnonce"),
        Forger(bare="n=mrose,r=cnonce,m=x"),
        Forger(more=",m=x"),
        # The proof.
        Forger(proof=lambda _: b""),
        Forger(proof=lambda right: right[:-1]),
        Forger(proof=lambda right: right + b"\0"),
        Forger(spelling=lambda right: right.rstrip("=")),
        Forger(spelling=lambda right: right + "===="),
        Forger(spelling=other_spelling),
        Forger(more="x" * 4096),
    ],
)
def test_these_are_no_messages_that_we_go_on_with(forger: Forger) -> None:
    assert Refusal.BAD_RESPONSE == forger.play()


@pytest.mark.parametrize(
    "forger",
    [
        Forger(password=b"wrong"),
        Forger(bare="n=root,r=cnonce"),
        Forger(bare="n=a\tb,r=cnonce"),
        Forger(bare="n=MROSE,r=cnonce"),
        Forger(proof=lambda right: bytes([right[0] ^ 1]) + right[1:]),
        Forger(proof=lambda right: bytes(len(right))),
        replace(BOUND, password=b"wrong"),
    ],
)
def test_these_are_not_accepted(forger: Forger) -> None:
    assert Refusal.NOT_ACCEPTED == forger.play()


def test_a_final_message_does_not_hold_a_second_time() -> None:
    client = begin("SCRAM-SHA-256", login())
    first = client.initial()
    site = situation()
    accounts = Accounts()
    exchange = PLAIN_256.begin(site, first)
    final = client.respond(advance(exchange, accounts, None))
    assert advance(exchange, accounts, final).startswith(b"v=")

    again = PLAIN_256.begin(site, first)
    advance(again, accounts, None)

    assert Refusal.BAD_RESPONSE == advance(again, accounts, final)


def test_nor_does_its_proof_under_a_fresh_nonce() -> None:
    kept: list[bytes] = []

    def keep(right: bytes) -> bytes:
        kept.append(right)
        return right

    assert MROSE == Forger(proof=keep).play()
    assert Refusal.NOT_ACCEPTED == Forger(bare="n=mrose,r=other", proof=lambda _: kept[0]).play()


@pytest.mark.parametrize("name", NAMES)
@given(step=st.integers(0, 3), place=st.integers(0, 300), mask=st.integers(1, 255))
@settings(deadline=None)
def test_whoever_changes_one_octet_on_the_way_ends_it(
    name: str, step: int, place: int, mask: int
) -> None:
    steps = count()

    def relay(octets: bytes) -> bytes:
        if next(steps) != step:
            return octets
        at = place % len(octets)
        return octets[:at] + bytes([octets[at] ^ mask]) + octets[at + 1 :]

    assert not _are_both_content(name, relay)


def test_and_whoever_changes_nothing_does_not() -> None:
    assert all(_are_both_content(name, bytes) for name in NAMES)


def _are_both_content(name: str, relay: Callable[[bytes], bytes]) -> bool:
    """Say whether server and client both end well, with somebody between them."""
    accounts = Accounts()
    client = begin(name, login(end_point=END_POINT, server_offers_plus=True))
    initial = client.initial()
    assert initial is not None
    exchange = MECHANISMS[name].begin(situation(END_POINT), Secret(relay(initial.reveal())))
    said = advance(exchange, accounts, None)
    try:
        while isinstance(said, bytes):
            response = client.respond(relay(said)).reveal()
            said = advance(exchange, accounts, Secret(relay(response) if response else b""))
        client.succeeded()
    except MechanismFault:
        return False
    return isinstance(said, Identity)


def test_an_unknown_name_hears_what_a_known_one_hears() -> None:
    known, unknown = (
        say(partial(PLAIN_256.begin, situation()), f"n,,n={name},r=c".encode())
        for name in ("mrose", "nobody")
    )

    assert known == unknown


def test_the_last_response_is_empty() -> None:
    client = begin("SCRAM-SHA-256", login())
    accounts = Accounts()
    exchange = PLAIN_256.begin(situation(), client.initial())
    final = client.respond(advance(exchange, accounts, None))
    advance(exchange, accounts, final)

    assert Refusal.BAD_RESPONSE == advance(exchange, accounts, Secret(b"x"))


@pytest.mark.parametrize("response", [b"", b"n,,n=mrose", b"\xff"])
def test_what_is_no_first_message_is_refused(response: bytes) -> None:
    server = partial(PLAIN_256.begin, situation())

    assert [Refusal.BAD_RESPONSE] == say(server, response)
    assert [b"", Refusal.BAD_RESPONSE] == say(server, None, response)


def test_a_name_is_prepared_but_signed_as_it_came() -> None:
    accounts = Accounts("ALICE")
    forger = Forger(bare="n=\uff21\uff2c\uff29\uff23\uff25,r=cnonce")

    assert MROSE == forger.play(accounts)
    assert [FindScram("ALICE", ScramHash.SHA_256)] == accounts.asked


@pytest.mark.parametrize("count", [0, 1, 2, LEAST_TRIES, LEAST_TRIES + 3])
@pytest.mark.parametrize("place", ["first", "last", "none"])
def test_every_verifier_is_tried_wherever_the_right_one_is(
    count: int, place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried: list[bytes] = []
    right = {"first": 0, "last": count - 1}.get(place)
    secrets = [(b"correct horse" if i == right else b"%d" % i, PHONE) for i in range(count)]

    def counted(stored: bytes, message: bytes, proof: bytes, kind: ScramHash) -> bool:
        tried.append(stored)
        return scram_keys.proves(stored, message, proof, kind)

    monkeypatch.setattr(scram, "proves", counted)
    outcome = Forger().play(Accounts(secrets=secrets))

    assert (PHONE if count and right is not None else Refusal.NOT_ACCEPTED) == outcome
    assert max(count, LEAST_TRIES) == len(tried)


def test_the_first_of_two_equal_credentials_is_named() -> None:
    secrets = [(b"x", MROSE), (b"correct horse", PHONE), (b"correct horse", MROSE)]

    assert PHONE == Forger().play(Accounts(secrets=secrets))


def test_keys_do_not_show_themselves() -> None:
    one = verifier(b"x", Identity(AccountId(3)), ScramHash.SHA_1)

    assert repr(one.stored_key) not in repr(one)
    assert repr(one.server_key) not in repr(one)


def test_the_strongest_comes_first() -> None:
    assert NAMES == ["SCRAM-SHA-256-PLUS", "SCRAM-SHA-1-PLUS", "SCRAM-SHA-256", "SCRAM-SHA-1"]
    assert NAMES == list(MECHANISMS)[:4]
    assert [True, True, False, False] == [MECHANISMS[name].facts.needs_end_point for name in NAMES]
