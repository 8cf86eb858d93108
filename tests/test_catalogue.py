"""The catalogue check finds what a reader of another language would miss."""

from pathlib import Path

import pytest
from babel.messages.catalog import Catalog

from tools.catalogue import complaints, extract, texts

CODE = """
class NewsFault(OperatorFault):
    pass

raise NewsFault("No news from {peer}.", peer=peer)
print(_("Hello."), ngettext("{n} message", "{n} messages", count))
LATER = N_("Later.")
plain("Not for people.")
"""


def test_extraction_finds_every_keyword_and_every_fault_class(tmp_path: Path) -> None:
    (tmp_path / "code.py").write_text(CODE)

    found = {texts(message.id)[0] for message in extract(tmp_path) if message.id}

    assert {"No news from {peer}.", "Hello.", "{n} message", "Later."} == found


@pytest.mark.parametrize(
    ("japanese", "flags", "complaint"),
    [
        ("", [], "not translated"),
        ("{peer}", ["fuzzy"], "fuzzy"),
        ("{who}", [], "fields differ"),
        ("", ["fuzzy"], "not translated"),
    ],
)
def test_a_bad_entry_is_named(japanese: str, flags: list[str], complaint: str) -> None:
    catalogue = Catalog(locale="ja")
    catalogue.add("No news from {peer}.", japanese, flags=flags)

    (said,) = complaints(catalogue, "ja")

    assert complaint in said


def test_a_good_entry_passes() -> None:
    catalogue = Catalog(locale="ja")
    catalogue.add(("{n} message", "{n} messages"), ("{n} 通のメッセージ",))
    catalogue.add("No news from {peer}.", "{peer} からの知らせはありません。")

    assert [] == list(complaints(catalogue, "ja"))
