"""The languages of replies: which one a range means, and that each is said in."""

import gettext
from importlib import resources

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pillarbox.app.languages import find_languages
from pillarbox.server.authorization import STLS_INJECTION, TLS_FIRST
from pillarbox.server.refusals import FAULTS, REFUSALS, REMOVAL_FAILED
from pillarbox.server.voice import ENGLISH, Language, Voice, find_language
from pillarbox.wire.pop3.replies import REPLY_OCTETS, Code

JAPANESE = Language("ja", "日本語", lambda text: f"日本語:{text}")
LANGUAGES = {each.tag: each for each in (ENGLISH, JAPANESE, Language("de-CH", "Deutsch", str))}


@pytest.mark.parametrize(
    ("wanted", "tag"),
    [
        *(("en", "en"), ("EN", "en"), ("ja", "ja"), ("ja-JP", "ja"), ("ja-Latn-JP", "ja")),
        *(("de", "de-CH"), ("de-ch", "de-CH"), ("de-CH-1996", "de-CH"), ("*", "en")),
        *(("j", None), ("jap", None), ("mul", None), ("de-DE", "de-CH"), ("d", None)),
    ],
)
def test_a_range_finds_its_language(wanted: str, tag: str | None) -> None:
    found = find_language(LANGUAGES, wanted)

    assert tag == (None if found is None else found.tag)


@given(st.text("abcdejnAB-*0", max_size=12))
def test_any_range_finds_a_language_or_none(wanted: str) -> None:
    assert find_language(LANGUAGES, wanted) in {None, *LANGUAGES.values()}


def test_a_voice_says_what_it_is_told_in_its_language() -> None:
    voice = Voice()

    assert voice.ok("{count} messages", count=2) == b"+OK 2 messages\r\n"
    voice.language = JAPANESE
    assert voice.ok("{count} messages", count=2) == "+OK 日本語:2 messages\r\n".encode()
    assert voice.ok() == b"+OK\r\n"
    assert voice.err("No.", Code.AUTH) == "-ERR [AUTH] 日本語:No.\r\n".encode()
    voice.reset()
    assert voice.err("No.") == b"-ERR No.\r\n"


@pytest.mark.parametrize(
    ("variables", "first"),
    [
        ({}, "en"),
        ({"LANG": "ja_JP.UTF-8"}, "ja"),
        ({"LANG": "ja_JP.UTF-8", "LC_ALL": "C"}, "en"),
        ({"LANGUAGE": "ja:en", "LANG": "en_GB.UTF-8"}, "ja"),
        ({"LANG": "sv_SE.UTF-8"}, "en"),
    ],
)
def test_the_administrators_language_comes_first(
    variables: dict[str, str], first: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)

    found = find_languages()

    assert first == next(iter(found))
    assert {"en": "English", "ja": "日本語"} == {tag: each.name for tag, each in found.items()}


def test_every_refusal_is_said_in_japanese_fits_and_is_no_code() -> None:
    folder = str(resources.files("pillarbox") / "locale")
    say = gettext.translation("pillarbox", folder, ["ja"]).gettext
    refusals = [*FAULTS.values(), TLS_FIRST, STLS_INJECTION, REMOVAL_FAILED]
    refusals += [text for text, _ in REFUSALS.values()]

    for text in refusals:
        said = say(text)
        assert said != text, text
        assert not said.startswith("["), text
        assert len(f"-ERR [LOGIN-DELAY] {said}\r\n".encode()) <= REPLY_OCTETS, text
