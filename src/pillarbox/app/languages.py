"""The languages that replies can be said in: those that have a catalogue."""

import gettext
import os
from collections.abc import Iterator
from importlib import resources

from pillarbox.server.voice import ENGLISH, Language

NAMES = {"ja": "日本語"}  # of each in itself: RFC 6856, section 3.2


def find_languages() -> dict[str, Language]:
    """Return every language by its tag, the one that the process speaks first."""
    found = {language.tag: language for language in (ENGLISH, *_translated())}
    preferred = _preferred(found)
    return {preferred: found[preferred], **found}


def _translated() -> Iterator[Language]:
    folder = str(resources.files("pillarbox") / "locale")
    for tag, name in NAMES.items():
        yield Language(tag, name, gettext.translation("pillarbox", folder, [tag]).gettext)


def _preferred(found: dict[str, Language]) -> str:
    """Return what the administrator's environment asks for, as gettext reads it."""
    for variable in ("LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG"):
        value = os.environ.get(variable)
        if value:
            tag = value.partition(":")[0].partition(".")[0].partition("_")[0]
            return tag if tag in found else ENGLISH.tag
    return ENGLISH.tag
