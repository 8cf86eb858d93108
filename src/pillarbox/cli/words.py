"""What people read, in their language: English in the code, others from the catalogues."""

import gettext
from importlib import resources

from pillarbox.base.errors import Fault

_translation = gettext.translation(
    "pillarbox", str(resources.files("pillarbox") / "locale"), fallback=True
)


def _(text: str) -> str:
    """Return a text in the reader's language (LANGUAGE, LC_ALL, LC_MESSAGES, LANG)."""
    return _translation.gettext(text)


def ngettext(one: str, many: str, number: int) -> str:
    """Return the text that fits a number, in the reader's language."""
    return _translation.ngettext(one, many, number)


def said(fault: Fault) -> str:
    """Return what a fault says, in the reader's language."""
    return _(fault.template).format(**fault.fields)
