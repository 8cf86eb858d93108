"""The forms that RFC 1939 and RFC 2449 give to keywords, replies, capabilities and codes."""

import ast
import re
from collections.abc import Iterator
from itertools import product
from pathlib import Path

import pytest

from pillarbox.app.languages import find_languages
from pillarbox.server.channel import Channel, offer
from pillarbox.server.services import Timers
from pillarbox.server.site import Site
from pillarbox.wire.pop3.capa import Terms, capabilities
from pillarbox.wire.pop3.grammar import COMMANDS
from pillarbox.wire.pop3.replies import Code, err, ok

SOURCE = Path(__file__).parents[2] / "src" / "pillarbox"
CAPABILITY_OCTETS = 512  # RFC 2449, section 3, CRLF included
REPLY_OCTETS = 512  # RFC 1939, section 3, CRLF included
TERMS = (
    Terms(),
    Terms(0, 0, expire_differs=True),
    Terms(30, 900, expire_differs=True, login_delay_differs=True),
)
ROOM = len(f"-ERR {max(Code, key=len)} ") + 40  # for a code, and for what the fields hold

DEFINED = {
    "TOP": "RFC 2449",
    "USER": "RFC 2449",
    "SASL": "RFC 5034",
    "RESP-CODES": "RFC 2449",
    "LOGIN-DELAY": "RFC 2449",
    "PIPELINING": "RFC 2449",
    "EXPIRE": "RFC 2449",
    "UIDL": "RFC 2449",
    "IMPLEMENTATION": "RFC 2449",
    "STLS": "RFC 2595",
    "AUTH-RESP-CODE": "RFC 3206",
    "UTF8": "RFC 6856",
    "LANG": "RFC 6856",
}
CODES = {
    "[IN-USE]": "RFC 2449",
    "[LOGIN-DELAY]": "RFC 2449",
    "[AUTH]": "RFC 3206",
    "[SYS/TEMP]": "RFC 3206",
    "[SYS/PERM]": "RFC 3206",
    "[UTF8]": "RFC 6856",
}


def announced() -> Iterator[str]:
    """Yield every line of CAPA that any site announces on any connection."""
    for on, secure, stls in product([False, True], repeat=3):
        site = Site(allow_plaintext_auth_without_tls=on, cram_md5=on, tokens=on)
        channel = Channel(is_secure=secure, offers_stls=stls, end_point=b"hash" if secure else None)
        for terms in TERMS:
            yield from capabilities(offer(channel, site, stls=stls, terms=terms))


def templates() -> set[str]:
    """Return every text that the server may say, in English."""
    return {
        node.args[0].value
        for path in (SOURCE / "server").glob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == "N_"
        and isinstance(node.args[0], ast.Constant)
        and isinstance(node.args[0].value, str)
    }


@pytest.mark.parametrize("keyword", sorted(COMMANDS))
def test_every_keyword_has_three_or_four_letters(keyword: bytes) -> None:
    assert re.fullmatch(rb"[A-Z0-9]{3,4}", keyword)


@pytest.mark.parametrize("reply", [ok(), ok("Text."), err("Text."), err("Text.", Code.AUTH)])
def test_a_reply_is_a_status_and_a_text_in_one_line(reply: bytes) -> None:
    assert re.fullmatch(rb"(\+OK|-ERR)( [!-~][ -~]*)?\r\n", reply)


def test_autologout_waits_at_least_ten_minutes() -> None:
    assert Timers().autologout >= 10 * 60


@pytest.mark.parametrize("line", sorted(set(announced())))
def test_a_capability_is_a_tag_and_visible_arguments_in_a_short_line(line: str) -> None:
    assert re.fullmatch(r"[!-\-/-~]+( [!-~]+)*", line)
    assert len(line) + 2 <= CAPABILITY_OCTETS


@pytest.mark.parametrize("tag", ["TOP", "UIDL", "USER", "STLS", "UTF8", "LANG"])
def test_the_tag_of_an_optional_command_is_its_keyword(tag: str) -> None:
    assert tag in {line.partition(" ")[0] for line in announced()}
    assert tag.encode() in COMMANDS


def test_every_capability_is_one_that_an_rfc_defines() -> None:
    tags = {line.partition(" ")[0] for line in announced()}

    assert set(DEFINED) == tags


def test_every_response_code_is_one_that_an_rfc_defines() -> None:
    assert set(CODES) == set(Code)


@pytest.mark.parametrize("tag", ["en", "ja"])
def test_no_text_of_ours_starts_like_a_response_code(tag: str) -> None:
    say = find_languages()[tag].say
    texts = {template: say(template) for template in templates()}

    assert len(texts) > 20
    assert {} == {template: text for template, text in texts.items() if text.startswith("[")}
    assert {} == {template: text for template, text in texts.items() if "\n" in text or not text}


@pytest.mark.parametrize("tag", ["en", "ja"])
def test_every_text_fits_in_a_reply_whatever_the_language(tag: str) -> None:
    say = find_languages()[tag].say
    octets = {template: len(say(template).encode()) + ROOM + 2 for template in templates()}

    assert {} == {template: count for template, count in octets.items() if count > REPLY_OCTETS}
