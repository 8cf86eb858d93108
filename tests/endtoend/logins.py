"""Real clients, each with every mechanism that it has: who logs in how, and the table of it."""

import asyncio
import json
import poplib
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from pillarbox.base.errors import Fault
from pillarbox.base.secret import Secret
from pillarbox.client import connect as client
from pillarbox.client.server import Server as Remote
from pillarbox.client.server import Tls as OurTls
from pillarbox.sasl.facts import TOKENS
from tests.endtoend.post_office import ACCOUNT, PostOffice
from tests.net.web import Web
from tests.peers import mpop
from tests.peers.curl import Curl
from tests.peers.fetch import Server, Tls
from tests.peers.fetchmail import NO_MAIL, Fetchmail
from tests.peers.program import environment, find, run

TOKEN = "a-token-37"
SETTINGS = {
    "apop = false": "apop = true",
    "cram_md5 = false": "cram_md5 = true",
    # Each way is tried with a wrong secret as well.
    "allow_unlimited_guesses = false": "allow_unlimited_guesses = true",
}
WAYS = (
    *("SCRAM-SHA-256-PLUS", "SCRAM-SHA-1-PLUS", "SCRAM-SHA-256", "SCRAM-SHA-1"),
    *("OAUTHBEARER", "XOAUTH2", "PLAIN", "LOGIN", "USER", "CRAM-MD5", "APOP"),
)

Attempt = Callable[[Server, str, Path], bool]


@dataclass(frozen=True)
class Program:
    """A client, the ways in that it has, and how it takes one: it is in, or it was refused."""

    ways: Callable[[], frozenset[str]]
    attempt: Attempt
    version: Callable[[], str]


def said_by(*command: str) -> str:
    """Return what a program says of itself."""
    home = Path("/")
    return run([find(command[0]), *command[1:]], env=environment(home)).out.decode()


# curl


def curl_ways() -> frozenset[str]:
    scrams = {"SCRAM-SHA-256", "SCRAM-SHA-1"} if "gsasl" in said_by("curl", "-V") else set()
    # Told to take XOAUTH2, curl takes OAUTHBEARER where that is offered too, as it is here.
    return frozenset({"PLAIN", "LOGIN", "CRAM-MD5", "OAUTHBEARER", "APOP"} | scrams)


def curl(server: Server, way: str, home: Path) -> bool:
    done = Curl(home, "+APOP" if way == "APOP" else way).listing(server)
    verb = b"> APOP " if way == "APOP" else b"> AUTH " + way.encode()
    assert verb in done.err, done.err
    return done.code == 0


# mpop


def mpop_ways() -> frozenset[str]:
    listed = said_by("mpop", "--version").partition("authentication methods:")[2].split("\n")[1]
    return frozenset(WAYS) & {word.upper() for word in listed.split()}


def with_mpop(server: Server, way: str, home: Path) -> bool:
    fetched = mpop.Mpop(home, auth=way.lower()).fetch(server)
    said = fetched.done.out + fetched.done.err
    assert (b"APOP" if way == "APOP" else b"USER" if way == "USER" else way.encode()) in said, said
    return fetched.code == mpop.OK


# fetchmail


def with_fetchmail(server: Server, way: str, home: Path) -> bool:
    options = {"USER": "password", "CRAM-MD5": "cram-md5", "APOP": "any protocol apop"}
    more = f"auth {options[way]}"
    fetched = Fetchmail(home, more=more).fetch(server)
    said = fetched.done.out + fetched.done.err
    verb = f"AUTH {way}" if way == "CRAM-MD5" else way
    assert b"> " + verb.encode() in said, said
    return fetched.code in {0, NO_MAIL}


# Python's poplib


def with_poplib(server: Server, way: str, home: Path) -> bool:
    trust = ssl.create_default_context(cafile=server.authority)
    session: poplib.POP3
    if server.tls is Tls.IMPLICIT:
        session = poplib.POP3_SSL(server.host, server.port, context=trust, timeout=30)
    else:
        session = poplib.POP3(server.host, server.port, timeout=30)
        session.stls(trust)
    try:
        if way == "APOP":
            session.apop(server.account, server.password)
        else:
            session.user(server.account)
            session.pass_(server.password)
        session.quit()
    except poplib.error_proto:
        session.close()
        return False
    return True


# Ours


def with_ours(server: Server, way: str, home: Path) -> bool:
    async def log_in() -> None:
        tls = OurTls.IMPLICIT if server.tls is Tls.IMPLICIT else OurTls.STLS
        remote = Remote(server.host, server.port, tls, server.authority, mechanism=way)
        async with await client.connect(remote) as session:
            await session.login(server.account, Secret(server.password.encode()))
            await session.quit()

    try:
        asyncio.run(log_in())
    except Fault:
        return False
    return True


def line_of(text: str, words: int) -> str:
    return " ".join(text.split()[:words])


PROGRAMS: Mapping[str, Program] = {
    "Pillarbox": Program(lambda: frozenset(WAYS), with_ours, lambda: ""),
    "curl": Program(curl_ways, curl, lambda: line_of(said_by("curl", "-V"), 2)),
    "mpop": Program(mpop_ways, with_mpop, lambda: line_of(said_by("mpop", "--version"), 3)),
    "fetchmail": Program(
        lambda: frozenset({"USER", "CRAM-MD5", "APOP"}),
        with_fetchmail,
        lambda: line_of(said_by("fetchmail", "-V").replace("This is ", ""), 3).partition("+")[0],
    ),
    "poplib": Program(
        lambda: frozenset({"USER", "APOP"}), with_poplib, lambda: "poplib of Python 3.11"
    ),
}


def furnish(office: PostOffice, web: Web) -> str:
    """Switch everything on, and return the app password of a device."""
    path = office.folder / "pillarbox.toml"
    text = path.read_text("utf-8")
    oauth = {
        "introspection_url": web.url(),
        "client_id": "pillarbox",
        "client_secret_file": "hush",
        "domain": "example.org",
    }
    switched = SETTINGS | {f'{key} = ""': f"{key} = {json.dumps(oauth[key])}" for key in oauth}
    for old, new in switched.items():
        assert old in text
        text = text.replace(old, new)
    path.write_text(text, "utf-8")
    (office.folder / "hush").write_bytes(b"hush\n")

    def answer(out: BinaryIO) -> None:
        good = web.asked[-1].body.find(TOKEN.encode()) >= 0
        body = json.dumps({"active": good, "email": f"{ACCOUNT}@example.org"})
        octets = f"HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode()
        out.write(octets)

    web.answer = answer
    return office.do("device", "add", ACCOUNT, "phone", "--legacy-digest").decode().strip()


def secret_for(way: str, password: str) -> str:
    return TOKEN if way in TOKENS else password


def does_apply(way: str, tls: Tls) -> bool:
    """Whether a way can be taken here: after STLS the greeting's timestamp counts no more."""
    return not (way == "APOP" and tls is Tls.STLS)
