r"""Golden dialogues of POP3: read from text, played on the core, on the server, and to our client.

`C:` is a line of the client's, `C\` octets with Python's escapes and no line end of their own;
consecutive ones are sent at once. `S:` is the line that comes back, `S~` a pattern of it. `tls`:
the handshake. `close`: the server ends the connection; `drop`: the client does. `given` is what
there is before (`given site KEY = VALUE` sets what the configuration would, `given view KEY =
VALUE` what holds for the view that is opened), `then maildrop NAME = a.eml b.eml` what is in the
maildrop afterwards.

`dovecot not applicable - WHY` keeps a dialogue from a real Dovecot. `dovecot differs - WHY` stands
below what Dovecot does otherwise, and that below it: `D:` and `D~` as `S:` and `S~`;
`D close`; `D open`; `D tls`, a handshake where none should be; `D end`, where it goes too far apart
to be played on; `D then maildrop NAME = a.eml`. See README.md.
"""

import re
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pillarbox.server.site import Site, Utf8Headers
from pillarbox.server.voice import ENGLISH, Language
from pillarbox.wire.pop3.capa import Terms

HERE = Path(__file__).parent
DIALOGUES = {path.stem: path for path in sorted((HERE / "pop3").glob("*.txt"))}
PASSWORD = b"correct horse"
STEP = re.compile(r"(C:|C\\|S:|S~)(?: (.*))?|(tls|close|drop)")
MAILDROP = re.compile(r"(given|then) maildrop (\w+) =((?: [\w.-]+)*)")
FLAG = re.compile(r"given (secure|plaintext allowed|no certificate|in use \w+|too soon \w+)")
SITE = re.compile(r"given site (.*)")
VIEW = re.compile(r"given view (.*)")
TERMS = {
    "retention_days": "expire_days",
    "login_delay_seconds": "login_delay_seconds",
    "retention_differs": "expire_differs",
    "login_delay_differs": "login_delay_differs",
}
APART = re.compile(r"dovecot (differs|not applicable) - (.+)")
OTHERWISE = re.compile(r"D(?:(:|~)(?: (.*))?| (close|open|tls|end))")
OTHER_THEN = re.compile(r"D then maildrop (\w+) =((?: [\w.-]+)*)")
JAPANESE = Language("ja", "日本語", lambda text: {"Goodbye.": "さようなら。"}.get(text, text))


@dataclass
class Difference:
    """What a real Dovecot does in the place of one reply, of `close` or of what is left; and why.

    Steps of kind `S:` and `S~` are its replies.
    """

    reason: str
    steps: list[tuple[str, bytes]] = field(default_factory=list)
    then: dict[str, list[str]] = field(default_factory=dict)


@dataclass
class Dialogue:
    """What is given, what is said, and what is then in the maildrops."""

    protocol: str = "pop3"
    maildrops: dict[str, list[str]] = field(default_factory=dict)
    steps: list[tuple[str, bytes]] = field(default_factory=list)
    then: dict[str, list[str]] = field(default_factory=dict)
    flags: set[str] = field(default_factory=set)
    settings: dict[str, Any] = field(default_factory=dict)
    view: dict[str, Any] = field(default_factory=dict)  # what differs there from the site
    not_applicable: str | None = None
    differences: dict[int, Difference] = field(default_factory=dict)  # by the steps before it

    @property
    def site(self) -> Site:
        """What the configuration says."""
        languages = {each.tag: each for each in (ENGLISH, JAPANESE)}
        headers = Utf8Headers(self.settings.get("utf8_headers", "surrogate"))
        settings = {name: value for name, value in self.settings.items() if name not in TERMS}
        settings |= {
            "terms": lambda: self.terms,
            "utf8_headers": headers,
            "allow_plaintext_auth_without_tls": "plaintext allowed" in self.flags,
            "languages": languages,
        }
        return Site(**settings)

    @property
    def terms(self) -> Terms:
        """What is announced before login."""
        said = {TERMS[name]: value for name, value in self.settings.items() if name in TERMS}
        days = said.pop("expire_days", 0)
        return Terms(days or None, **said)

    @property
    def view_terms(self) -> Terms:
        """What holds for whoever logs in."""
        said = {TERMS[name]: value for name, value in self.view.items()}
        expire_days = said.get("expire_days", self.terms.expire_days)
        return Terms(
            expire_days or None,
            said.get("login_delay_seconds", self.terms.login_delay_seconds),
        )

    @property
    def is_secure(self) -> bool:
        """Whether TLS is on from the start."""
        return "secure" in self.flags

    @property
    def offers_stls(self) -> bool:
        """Whether there is a certificate."""
        return "no certificate" not in self.flags

    @property
    def in_use(self) -> list[str]:
        """Whose maildrops another session has."""
        return [flag.removeprefix("in use ") for flag in self.flags if flag.startswith("in use ")]

    @property
    def too_soon(self) -> list[str]:
        """Who has logged in too short a time ago."""
        flags = self.flags
        return [flag.removeprefix("too soon ") for flag in flags if flag.startswith("too soon ")]


def read(path: Path) -> Dialogue:
    dialogue = Dialogue()
    for line in path.read_text("utf-8").splitlines():
        if maildrop := MAILDROP.fullmatch(line):
            place = dialogue.maildrops if maildrop[1] == "given" else dialogue.then
            place[maildrop[2]] = maildrop[3].split()
        elif flag := FLAG.fullmatch(line):
            dialogue.flags.add(flag[1])
        elif setting := SITE.fullmatch(line):
            dialogue.settings |= tomllib.loads(setting[1])
        elif view := VIEW.fullmatch(line):
            dialogue.view |= tomllib.loads(view[1])
        elif apart := APART.fullmatch(line):
            _read_apart(dialogue, apart[1], apart[2])
        elif line.startswith("D"):
            _read_otherwise(dialogue.differences[len(dialogue.steps)], line)
        elif not line.startswith("#"):
            _read_step(dialogue.steps, line)
    return dialogue


def message(name: str) -> bytes:
    return (HERE / "messages" / name).read_bytes()


def _read_step(steps: list[tuple[str, bytes]], line: str) -> None:
    match = STEP.fullmatch(line)
    assert match, line
    kind, text, event = match.groups()
    if event:
        steps.append((event, b""))
        return
    octets = _unescaped(text) if kind == "C\\" else (text or "").encode() + b"\r\n"
    if kind[0] == "C" and steps and steps[-1][0] == "C":
        octets = steps.pop()[1] + octets  # said in one go
    steps.append(("C" if kind[0] == "C" else kind, octets))


def _read_apart(dialogue: Dialogue, kind: str, reason: str) -> None:
    at = len(dialogue.steps)
    if kind == "differs":
        assert at not in dialogue.differences, reason
        dialogue.differences[at] = Difference(reason)
    else:
        dialogue.not_applicable = reason


def _read_otherwise(difference: Difference, line: str) -> None:
    if then := OTHER_THEN.fullmatch(line):
        difference.then[then[1]] = then[2].split()
        return
    match = OTHERWISE.fullmatch(line)
    assert match, line
    kind, text, event = match.groups()
    octets = b"" if event else (text or "").encode() + b"\r\n"
    difference.steps.append((event or f"S{kind}", octets))


def _unescaped(text: str) -> bytes:
    return text.encode("latin-1").decode("unicode_escape").encode("latin-1")


def check_line(kind: str, expected: bytes, line: bytes) -> None:
    if kind == "S:":
        assert expected == line
    else:
        assert re.fullmatch(expected.removesuffix(b"\r\n") + rb"\r\n", line), line
