"""The message catalogues: extract English from the code, keep Japanese in step, compile.

`update` writes `pillarbox.pot`, `ja/LC_MESSAGES/pillarbox.po` and the `.mo` beside it.
`check` writes nothing and fails where one of them is stale, or a Japanese entry is missing,
fuzzy, or has other fields than the English it translates.
"""

import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from string import Formatter

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

SOURCE = Path("src/pillarbox")
LOCALE = SOURCE / "locale"
LANGUAGES = ("ja",)
EPOCH = datetime.fromtimestamp(0, tz=UTC)

# Which argument of each call is English for people.
KEYWORDS: dict[str, tuple[int, ...] | None] = {"_": None, "N_": None, "ngettext": (1, 2)}
FAULT_CLASS = re.compile(r"^class (\w+Fault)\b", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Made:
    """One file as it should be."""

    path: Path
    octets: bytes

    def is_stale(self) -> bool:
        """The file on disk is not this one."""
        return not self.path.exists() or self.path.read_bytes() != self.octets


def keywords(source: Path) -> dict[str, tuple[int, ...] | None]:
    """Add each fault class of the code to the keywords: its first argument is its template."""
    found = {
        name for path in source.rglob("*.py") for name in FAULT_CLASS.findall(path.read_text())
    }
    return KEYWORDS | dict.fromkeys(sorted(found), (1,))


def extract(source: Path) -> Catalog:
    """Collect the English of the code, in an order that does not depend on the disk."""
    template = Catalog(project="pillarbox", fuzzy=False)
    found = extract_from_dir(
        source,
        method_map=[("**.py", "python")],
        keywords=keywords(source),
        comment_tags=["translators:"],
    )
    for name, line, message, comments, context in sorted(found, key=lambda row: row[:2]):
        template.add(message, None, [(name, line)], auto_comments=comments, context=context)
    return template


def printed(catalogue: Catalog) -> bytes:
    """Write a catalogue without dates and line numbers: it changes only when a message does."""
    out = BytesIO()
    write_po(
        out,
        catalogue,
        sort_by_file=True,
        omit_header=True,
        ignore_obsolete=True,
        width=100,
        include_lineno=False,
    )
    return out.getvalue()


def header(language: str) -> bytes:
    """Say what gettext must know to read a translation."""
    plurals = Catalog(locale=language).plural_forms
    return (
        'msgid ""\nmsgstr ""\n'
        '"MIME-Version: 1.0\\n"\n"Content-Type: text/plain; charset=utf-8\\n"\n'
        f'"Content-Transfer-Encoding: 8bit\\n"\n"Language: {language}\\n"\n'
        f'"Plural-Forms: {plurals}\\n"\n\n'
    ).encode()


def read_translation(path: Path, language: str) -> Catalog:
    """Read a translation; one that does not exist yet is empty."""
    if not path.exists():
        return Catalog(locale=language)
    with path.open("rb") as opened:
        return read_po(opened, locale=language)


def compiled(catalogue: Catalog) -> bytes:
    """Compile what gettext reads at run time; its header holds nothing that changes by itself."""
    catalogue.project, catalogue.version = "pillarbox", ""
    catalogue.msgid_bugs_address = catalogue.last_translator = catalogue.language_team = ""
    catalogue.creation_date = catalogue.revision_date = EPOCH
    out = BytesIO()
    write_mo(out, catalogue)
    return out.getvalue()


def make(language: str, template: Catalog) -> tuple[Catalog, list[Made]]:
    """Bring one translation up to date, in memory."""
    folder = LOCALE / language / "LC_MESSAGES"
    catalogue = read_translation(folder / "pillarbox.po", language)
    catalogue.update(template, no_fuzzy_matching=True)
    return catalogue, [
        Made(folder / "pillarbox.po", header(language) + printed(catalogue)),
        Made(folder / "pillarbox.mo", compiled(catalogue)),
    ]


def fields(text: str) -> set[str]:
    """Name the replacement fields of a str.format template."""
    return {name for _, name, _, _ in Formatter().parse(text) if name is not None}


def texts(strings: object) -> list[str]:
    """Give the forms of a message, one or several."""
    forms = strings if isinstance(strings, list | tuple) else [strings]
    return [str(one or "") for one in forms]


def fault_of(message: Message) -> str | None:
    """Say what is wrong with one translated entry."""
    translated = texts(message.string)
    if not all(translated):
        return "not translated"
    if message.fuzzy:
        return "fuzzy"
    wanted = set().union(*(fields(one) for one in texts(message.id)))
    if any(fields(one) - wanted or wanted - fields(one) for one in translated):
        return f"fields differ from {sorted(wanted)}"
    return None


def complaints(catalogue: Catalog, language: str) -> Iterator[str]:
    """Name each entry that a reader of this language would miss."""
    for message in catalogue:
        if message.id and (why := fault_of(message)):
            yield f"{language}: {why}: {texts(message.id)[0]!r}"


def main(verb: str) -> int:
    """Do `update` or `check`, and name what is missing; `check` gives 1 for it."""
    template = extract(SOURCE)
    files = [Made(LOCALE / "pillarbox.pot", printed(template))]
    wrong: list[str] = []
    for language in LANGUAGES:
        catalogue, made = make(language, template)
        files.extend(made)
        wrong.extend(complaints(catalogue, language))
    for one in files:
        if verb == "update":
            one.path.parent.mkdir(parents=True, exist_ok=True)
            one.path.write_bytes(one.octets)
        elif one.is_stale():
            wrong.append(f'{one.path}: stale. Run "make catalogue".')
    print(*wrong, sep="\n", end="\n" if wrong else "")
    return 1 if wrong and verb == "check" else 0


if __name__ == "__main__":
    if sys.argv[1:] not in (["update"], ["check"]):
        sys.exit("usage: python -m tools.catalogue update|check")
    sys.exit(main(sys.argv[1]))
