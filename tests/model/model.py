"""A naive POP3 server, written from RFC 1939, 2449, 2595, 3206, 5034 and 6856, and not from ours.

It takes whole lines and says what must be answered. Where the RFCs leave a choice, CHOICE says
which one our dialogues in tests/dialogues document.
"""

import base64
import binascii
import hashlib
from collections.abc import Callable
from dataclasses import dataclass

from tests.model.answers import (
    Accepted,
    Answer,
    Challenged,
    Listed,
    Message,
    Refused,
    UniqueIds,
)
from tests.model.maildrops import Kept, World, octets_of

PASSWORD = b"correct horse"
LINE_OCTETS = 255  # RFC 2449, section 4
AUTH_OCTETS = 12_288  # CHOICE: as long as tokens are; RFC 5034, section 4 wants no less
REFUSALS = 10  # CHOICE: before login, the tenth -ERR without a reply code is the last
WEB = ("GET", "POST", "PUT", "HEAD", "OPTIONS", "DELETE", "CONNECT", "TRACE", "PATCH", "PRI")
LANGUAGES = {"en": "English", "ja": "日本語"}
DIGITS = frozenset(b"0123456789")
ASKS_NAME, ASKS_PASSWORD = "VXNlcm5hbWU6", "UGFzc3dvcmQ6"  # CHOICE: what clients of LOGIN look for


@dataclass
class Site:
    """What the administrator chose."""

    passwords_in_clear: bool = False
    certificate: bool = True
    apop: bool = False
    last: bool = False
    headers: str = "surrogate"
    retention_days: int = 0
    login_delay: int = 0


class Model:
    """One session. `hear` takes lines; what is answered to nothing is None."""

    def __init__(self, world: World, site: Site, *, secure: bool, timestamp: bytes) -> None:
        self.world, self.site, self.secure, self.timestamp = world, site, secure, timestamp
        self.over = False
        self.owner: str | None = None
        self.utf8 = False
        self._named: str | None = None
        self._pending: tuple[str, ...] | None = None  # the mechanism of an AUTH, and what it knows
        self._refusals = 0
        self._view: list[Kept] = []
        self._marked: set[int] = set()
        self._highest = 0
        self._by_arguments: dict[tuple[str, int], Callable[..., Answer]] = {
            ("STAT", 0): self._stat,
            ("LIST", 0): self._list,
            ("LIST", 1): self._list_one,
            ("UIDL", 0): self._uidl,
            ("UIDL", 1): self._uidl_one,
            ("RETR", 1): self._retr,
            ("TOP", 2): self._top,
            ("DELE", 1): self._dele,
            ("NOOP", 0): Accepted,
            ("RSET", 0): self._rset,
            ("LAST", 0): self._last,
        }

    def hear(self, line: bytes, *, has_more: bool = False) -> Answer | None:
        """Answer a line, given without its CRLF; `has_more` came in with it."""
        if self.over:
            return None
        was_before_login = self.owner is None
        answer = self._answer(line, has_more=has_more)
        if was_before_login and answer == Refused():
            self._refusals += 1
            self.over |= self._refusals >= REFUSALS
        return answer

    def overhear(self, half: bytes) -> Answer | None:
        """CHOICE: a web browser is answered before its first line has ended."""
        is_web = half.partition(b" ")[0].decode("latin-1").upper() in WEB and b" " in half
        if self.over or self.owner is not None or self.is_challenged or not is_web:
            return None
        self.over = True
        return Refused()

    @property
    def is_challenged(self) -> bool:
        """Whether the next line answers a challenge."""
        return self._pending is not None

    def drop(self) -> None:
        """RFC 1939, section 6: a session that ends without QUIT removes nothing."""
        self.over = True
        if self.owner is not None:
            del self.world.leases[self.owner]
            self.owner = None

    def _answer(self, line: bytes, *, has_more: bool) -> Answer:
        if self._pending is not None:
            return self._respond(line)
        verb, _, argument = line.partition(b" ")
        word = verb.decode("latin-1").upper() if verb.isascii() else ""
        is_web = self.owner is None and word in WEB and b" " in line
        self.over |= is_web
        is_auth = word == "AUTH" and b" " in line
        named, self._named = self._named, None
        if is_web or len(line) + 2 > (AUTH_OCTETS if is_auth else LINE_OCTETS):
            return Refused()
        if self.owner is not None:
            return self._in_transaction(word, argument)
        match word:
            case "PASS":
                return self._pass(argument, named)
            case "STLS":
                return self._stls(argument, has_more=has_more)
            case _:
                return self._in_authorization(word, argument)

    # In both states

    def _in_both(self, word: str, argument: bytes) -> Answer:
        match word:
            case "CAPA" if not argument.strip(b" "):
                return Listed(frozenset(self._capabilities()))
            case "LANG":
                return self._lang(argument.strip(b" ").decode("latin-1"))
            case "QUIT" if not argument.strip(b" "):
                return self._quit()
            case _:
                return Refused()

    def _capabilities(self) -> list[str]:
        plain = ["USER"] if self._takes_passwords() else []
        stls = ["STLS"] if self._may_secure() else []
        expire = self.site.retention_days or "NEVER"
        return [
            *("TOP", "UIDL", "RESP-CODES", "AUTH-RESP-CODE", "PIPELINING", "UTF8 USER", "LANG"),
            *("IMPLEMENTATION", f"EXPIRE {expire}", f"LOGIN-DELAY {self.site.login_delay}"),
            *(*plain, *stls, " ".join(["SASL", *self._mechanisms()])),
        ]

    def _mechanisms(self) -> list[str]:
        scram = ["SCRAM-SHA-256", "SCRAM-SHA-1"]
        plus = [f"{name}-PLUS" for name in scram] if self.secure else []
        return [*plus, *scram, *(["PLAIN", "LOGIN"] if self._takes_passwords() else [])]

    def _lang(self, wanted: str) -> Answer:
        if not wanted:
            return Listed([f"{tag} {name}" for tag, name in LANGUAGES.items()])
        tag = "en" if wanted == "*" else wanted.lower().split("-")[0]
        # RFC 4647, section 2.1; and no more than eight parts behind the first.
        parts = wanted.split("-")
        is_short = len(parts) <= 9 and all(len(part) <= 8 for part in parts)
        is_range = is_short and all(part.isalnum() and part.isascii() for part in parts)
        return Accepted(tag) if tag in LANGUAGES and (is_range or wanted == "*") else Refused()

    def _quit(self) -> Answer:
        if self.owner is not None:
            maildrop = self.world.maildrops[self.owner]
            for number in self._marked:
                maildrop.remove(self._view[number - 1])
        self.drop()
        return Accepted()

    # AUTHORIZATION

    def _in_authorization(self, word: str, argument: bytes) -> Answer:
        match word:
            case "UTF8" if not argument.strip(b" "):
                self.utf8 = True
                return Accepted()
            case "USER" if self._takes_passwords() and _text(argument.rstrip(b" ")):
                self._named = _text(argument.rstrip(b" "))
                return Accepted()
            case "APOP" if self.timestamp:
                return self._apop(argument)
            case "AUTH" if not argument:
                return Listed(self._mechanisms())
            case "AUTH":
                return self._auth(argument)
            case _:
                return self._in_both(word, argument)

    def _takes_passwords(self) -> bool:
        return self.secure or self.site.passwords_in_clear

    def _may_secure(self) -> bool:
        # CHOICE: UTF8 and then STLS is refused, as RFC 6856, section 2.1 allows.
        return self.site.certificate and not self.secure and not self.utf8

    def _stls(self, argument: bytes, *, has_more: bool) -> Answer:
        if argument.strip(b" ") or not self._may_secure():
            return Refused()
        if has_more:
            self.over = True
            return Refused()
        self.secure = True
        self.timestamp = b""  # RFC 2595, section 4: what was said before TLS counts no more
        return Accepted()

    def _pass(self, password: bytes, named: str | None) -> Answer:
        if not self._takes_passwords() or not password or not named:
            return Refused()
        return self._login(named, is_right=password == PASSWORD)

    def _apop(self, argument: bytes) -> Answer:
        before, _, last = argument.rstrip(b" ").rpartition(b" ")
        name, digest = _text(before), last.decode("latin-1")
        if len(digest) != 32 or set(digest) - set("0123456789abcdef") or not name:
            return Refused()
        right = hashlib.md5(self.timestamp + PASSWORD, usedforsecurity=False).hexdigest()
        return self._login(name, is_right=digest == right)

    def _login(self, name: str, *, is_right: bool) -> Answer:
        if name not in self.world.maildrops or not is_right:
            return Refused("AUTH")
        if name in self.world.leases:
            return Refused("IN-USE")
        if name in self.world.too_soon:
            return Refused("LOGIN-DELAY")
        self.owner = name
        self.world.leases[name] = self
        self._view = list(self.world.maildrops[name])
        return Accepted()

    def _auth(self, argument: bytes) -> Answer:
        name, space, initial = argument.partition(b" ")
        mechanism = name.decode("latin-1").upper()
        if mechanism not in {"PLAIN", "LOGIN"} or not self._takes_passwords():
            return Refused()
        if not space:
            return self._ask(mechanism, "" if mechanism == "PLAIN" else ASKS_NAME)
        response = b"" if initial == b"=" else _decoded(initial)
        if response is None or not initial:
            return Refused()
        if mechanism == "LOGIN" and not response:
            return self._ask(mechanism, ASKS_NAME)
        return self._take(mechanism, response)

    def _ask(self, mechanism: str, what: str, *known: str) -> Answer:
        self._pending = (mechanism, *known)
        return Challenged(what)

    def _respond(self, line: bytes) -> Answer:
        (mechanism, *known), self._pending = self._pending or ("",), None
        response = _decoded(line) if len(line) + 2 <= AUTH_OCTETS else None
        return Refused() if response is None else self._take(mechanism, response, *known)

    def _take(self, mechanism: str, response: bytes, *known: str) -> Answer:
        if mechanism == "PLAIN":
            return self._plain(response)
        if not known:
            name = _name(response)
            if name and not name.isprintable():  # SASLprep forbids controls: nobody's name
                return Refused("AUTH")
            return self._ask(mechanism, ASKS_PASSWORD, name) if name else Refused()
        if not response or b"\0" in response:
            return Refused()
        return self._login(known[0], is_right=response == PASSWORD)

    def _plain(self, response: bytes) -> Answer:
        parts = response.split(b"\0")
        if len(parts) != 3 or not parts[2] or parts[0] not in {b"", parts[1]}:
            return Refused()
        name = _name(parts[1])
        return self._login(name, is_right=parts[2] == PASSWORD) if name else Refused()

    # TRANSACTION

    def _in_transaction(self, word: str, argument: bytes) -> Answer:
        numbers = _numbers(argument)
        if numbers is None or (word == "LAST" and not self.site.last):
            return self._in_both(word, argument)
        act = self._by_arguments.get((word, len(numbers)))
        return act(*numbers) if act else self._in_both(word, argument)

    def _stat(self) -> Answer:
        return Accepted(f"{len(self._left())} {sum(self._sizes().values())}", is_all=True)

    def _list(self) -> Answer:
        return Listed([f"{number} {size}" for number, size in self._sizes().items()])

    def _list_one(self, number: int) -> Answer:
        refusal = self._refusal(number)
        return refusal or Accepted(f"{number} {self._sizes()[number]}", is_all=True)

    def _uidl(self) -> Answer:
        return UniqueIds(list(self._left().items()))

    def _uidl_one(self, number: int) -> Answer:
        left = self._left()
        return UniqueIds([(number, left[number])], is_one=True) if number in left else Refused()

    def _retr(self, number: int) -> Answer:
        refusal = self._refusal(number)
        if refusal is None:
            self._highest = max(self._highest, number)
        return refusal or Message(self._lines(number))

    def _top(self, number: int, more: int) -> Answer:
        return self._refusal(number) or Message(_top(self._lines(number), more))

    def _dele(self, number: int) -> Answer:
        if number not in self._left():
            return Refused()
        self._marked.add(number)
        self._highest = max(self._highest, number)
        return Accepted()

    def _rset(self) -> Answer:
        self._marked.clear()
        self._highest = 0
        return Accepted()

    def _last(self) -> Answer:
        return Accepted(str(self._highest), is_all=True)

    def _left(self) -> dict[int, Kept]:
        numbered = enumerate(self._view, start=1)
        return {number: kept for number, kept in numbered if number not in self._marked}

    def _sizes(self) -> dict[int, int]:
        return {number: octets_of(self._lines(number)) for number in self._left()}

    def _lines(self, number: int) -> list[bytes]:
        mail = self._view[number - 1].mail
        is_changed = not self.utf8 and self.site.headers == "surrogate"
        if mail.surrogate is None or not is_changed:
            return mail.lines
        return mail.surrogate.split(b"\r\n")[:-1]

    def _refusal(self, number: int) -> Refused | None:
        if number not in self._left():
            return Refused()
        is_refused = self._view[number - 1].mail.surrogate is not None and not self.utf8
        return Refused("UTF8") if is_refused and self.site.headers == "refuse" else None


def _numbers(argument: bytes) -> list[int] | None:
    """Return the numbers of an argument; None where it is something else.

    CHOICE: spaces behind everything are let be.
    """
    words = argument.rstrip(b" ").split(b" ") if argument.rstrip(b" ") else []
    if any(not word or set(word) - DIGITS or len(word) > 10 for word in words):
        return None
    return [int(word) for word in words]


def _top(lines: list[bytes], more: int) -> list[bytes]:
    """RFC 1939, section 7: the header, the blank line, and so many lines of the body."""
    end = lines.index(b"") + 1 if b"" in lines else len(lines)
    return lines[: end + more]


def _name(octets: bytes) -> str:
    """Return a name in UTF-8; else nothing."""
    try:
        return octets.decode("utf-8")
    except UnicodeDecodeError:
        return ""


def _text(octets: bytes) -> str:
    """Return a name for USER and APOP; nothing for what is no text. CHOICE: controls are none."""
    name = _name(octets)
    return name if name.isprintable() else ""


def _decoded(text: bytes) -> bytes | None:
    """RFC 5034, section 4: nothing that is no base64 may be ignored."""
    try:
        octets = base64.b64decode(text, validate=True)
    except binascii.Error:
        return None
    return octets if base64.b64encode(octets) == text else None
