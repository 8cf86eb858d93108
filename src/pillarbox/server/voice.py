"""What a session says, in the language that its client has chosen: RFC 6856, section 3."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from pillarbox.server.effects import Send
from pillarbox.wire.pop3 import replies
from pillarbox.wire.pop3.replies import Code

ENGLISH_TAG = "en"
ANY = "*"  # RFC 4647, section 2.1


@dataclass(frozen=True, slots=True)
class Language:
    """A language that replies can be said in.

    `tag` as in RFC 5646, `name` in the language itself; `say` translates an English text.
    """

    tag: str
    name: str
    say: Callable[[str], str]


ENGLISH = Language(ENGLISH_TAG, "English", str)


def find_language(languages: Mapping[str, Language], wanted: str) -> Language | None:
    """Return the language that a basic language range means: RFC 4647, section 3.3.1.

    "*" is the site's first. The range of a region finds the language itself where there is no
    such region: "ja-JP" finds "ja".
    """
    if wanted == ANY:
        return next(iter(languages.values()))
    by_tag = {tag.lower(): language for tag, language in languages.items()}
    range_ = wanted.lower()
    while range_:
        found = (each for tag, each in by_tag.items() if f"{tag}-".startswith(f"{range_}-"))
        language = next(found, None)
        if language is not None:
            return language
        range_ = range_.rpartition("-")[0]
    return None


class Voice:
    """Says English templates as replies in the language of the session."""

    def __init__(self) -> None:
        self.language = ENGLISH

    def reset(self) -> None:
        """Go back to what nobody has asked for."""
        self.language = ENGLISH

    def ok(self, template: str = "", **fields: object) -> bytes:
        """Return a positive reply."""
        return replies.ok(self._said(template, fields))

    def err(self, template: str, code: Code | None = None) -> bytes:
        """Return a negative reply."""
        return replies.err(self._said(template, {}), code)

    def refusal(self, template: str, code: Code | None = None) -> Send:
        """Return the refusal of a command; with a code the command itself was good."""
        return Send(self.err(template, code), is_fault=code is None, why=template)

    def listing(self, template: str, lines: Iterable[str], **fields: object) -> Iterator[bytes]:
        """Yield a multi-line reply in blocks."""
        return replies.multi_line(self._said(template, fields), lines)

    def _said(self, template: str, fields: Mapping[str, object]) -> str:
        return self.language.say(template).format(**fields) if template else ""
