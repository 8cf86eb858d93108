"""What people read, in their language: English in the code, others from the catalogues."""

import gettext
import unicodedata
from importlib import resources

from pillarbox.base.errors import Fault
from pillarbox.base.words import N_

_LOCALE = str(resources.files("pillarbox") / "locale")
_translation = gettext.translation("pillarbox", _LOCALE, fallback=True)

# click asks gettext for its own words, in the domain that is set: they are ours to translate.
CLICK_WORDS = (
    N_("Usage:"),
    N_("Options"),
    N_("Commands"),
    N_("Show this message and exit."),
    N_("Show the version and exit."),
    N_("default: {default}"),
    N_("required"),
    N_("Try '{command} {option}' for help."),
)
gettext.bindtextdomain("pillarbox", _LOCALE)
gettext.textdomain("pillarbox")


def _(text: str) -> str:
    """Return a text in the reader's language (LANGUAGE, LC_ALL, LC_MESSAGES, LANG)."""
    return _translation.gettext(text)


def ngettext(one: str, many: str, number: int) -> str:
    """Return the text that fits a number, in the reader's language."""
    return _translation.ngettext(one, many, number)


def said(fault: Fault) -> str:
    """Return what a fault says, in the reader's language and on one line."""
    return printable(_(fault.template).format(**fault.fields))


def printable(text: str) -> str:
    """Return a text that does nothing to a terminal but be read.

    Names of files, what servers say and what mail holds come from strangers. Controls, line ends
    and direction marks become escapes; so do octets of a name that are no UTF-8.
    """
    return "".join(each if is_harmless(each) else ascii(each)[1:-1] for each in text)


def is_harmless(character: str) -> bool:
    """Say whether a terminal shows a character and does nothing else; any space is harmless."""
    return character.isprintable() or unicodedata.category(character) == "Zs"
