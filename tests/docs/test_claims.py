"""What we claim of each RFC has a proof that exists, or a reason; and the checker checks."""

from pathlib import Path

import msgspec
import pytest

from tools import claims
from tools.claims import ENGLISH, JAPANESE, RFCS, Words, complaints, page, read

pytestmark = pytest.mark.docs

ROOT = Path(__file__).parents[2]
HERE = "tests/docs/test_claims.py"
GOOD = """
[[{rfc}]]
id = "{rfc}-one"
section = "1"
level = "MUST"
who = "server"
says = "Greet."
status = "kept"
proofs = ["{proof}"]
"""


def a_ledger(change: tuple[str, str] = ("", ""), *, without: str = "", proof: str = "") -> str:
    """Return one good claim of each RFC, except for what is changed in RFC 1939's."""
    proof = proof or f"{HERE}::test_a_good_ledger_passes"
    tables = {rfc: GOOD.format(rfc=rfc, proof=proof) for rfc in RFCS if rfc != without}
    if "rfc1939" in tables:
        assert change[0] in tables["rfc1939"]
        tables["rfc1939"] = tables["rfc1939"].replace(*change)
    return "".join(tables.values())


def test_every_claim_has_a_proof_that_exists_or_a_reason() -> None:
    ledger = read((ROOT / claims.CLAIMS).read_text("utf-8"))

    assert [] == list(complaints(ledger, ROOT))


@pytest.mark.parametrize("words", [ENGLISH, JAPANESE], ids=["en", "ja"])
def test_the_page_says_what_the_claims_say(words: Words) -> None:
    ledger = read((ROOT / claims.CLAIMS).read_text("utf-8"))

    assert page(ledger, words) == (ROOT / words.page).read_text("utf-8")


@pytest.mark.parametrize("proof", ["", "tests/dialogues/pop3/stls-injection.txt"])
def test_a_good_ledger_passes(proof: str) -> None:
    assert [] == list(complaints(read(a_ledger(proof=proof)), ROOT))


def test_a_test_is_found_by_its_parameters() -> None:
    proof = f"{HERE}::test_the_page_says_what_the_claims_say[ja]"

    assert [] == list(complaints(read(a_ledger(proof=proof)), ROOT))


@pytest.mark.parametrize(
    "proof",
    [
        f"{HERE}::test_that_nobody_wrote",
        f"{HERE}::a_ledger",
        f"{HERE}::test_the_page_says_what_the_claims_say[fr]",
        f"{HERE}::test_a_test_is_found_by_its_parameters[en]",
        HERE,
        "tests/docs/test_nothing.py::test_a_good_ledger_passes",
        "tests/docs/test_nothing.py::test_a_good_ledger_passes[en]",
        "tools/claims.py::main",
        "tests/dialogues/pop3/no-such-dialogue.txt",
        "tests/dialogues/messages/one.eml",
        "tests/dialogues/lmtp/two-messages.txt",
        "README.md",
    ],
)
def test_a_proof_that_does_not_exist_is_noticed(proof: str) -> None:
    ledger = read(a_ledger((f"{HERE}::test_a_good_ledger_passes", proof)))

    assert [f"rfc1939-one: no such test: {proof}"] == list(complaints(ledger, ROOT))


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ((f'proofs = ["{HERE}::test_a_good_ledger_passes"]', ""), "kept, without a proof"),
        (('"kept"', '"not kept"'), "not kept, without a reason"),
        (('"kept"', '"not applicable"'), "not applicable, without a reason"),
        (('"kept"', '"waiting"'), "waiting"),
    ],
)
def test_a_must_with_neither_proof_nor_reason_is_noticed(change: tuple[str, str], why: str) -> None:
    assert [f"rfc1939-one: {why}"] == list(complaints(read(a_ledger(change)), ROOT))


def test_a_reason_is_enough_where_a_claim_is_not_kept() -> None:
    change = ('"kept"', '"not kept"\nreason = "Nobody asked for it."')

    assert [] == list(complaints(read(a_ledger(change)), ROOT))


@pytest.mark.parametrize("rfc", RFCS)
def test_an_rfc_that_is_missing_is_noticed(rfc: str) -> None:
    assert [f"{rfc}: no claim"] == list(complaints(read(a_ledger(without=rfc)), ROOT))


def test_an_rfc_that_is_not_on_the_list_and_an_id_that_is_said_twice_are_noticed() -> None:
    text = a_ledger() + GOOD.format(rfc="rfc1939", proof=f"{HERE}::test_a_good_ledger_passes")
    more = text.replace("[[rfc918]]", "[[rfc1]]", 1)

    assert ["rfc1939-one: said twice"] == list(complaints(read(text), ROOT))
    assert "rfc1: not an RFC of ours" in list(complaints(read(more), ROOT))


@pytest.mark.parametrize(
    "change",
    [
        ('"MUST"', '"OUGHT"'),
        ('"kept"', '"done"'),
        ('"server"', '"somebody"'),
        ('says = "Greet."', ""),
        ("says", "sayz"),
    ],
)
def test_a_table_of_another_form_is_no_claim(change: tuple[str, str]) -> None:
    with pytest.raises(msgspec.ValidationError):
        read(a_ledger(change))


def test_a_page_that_is_stale_is_noticed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    proof = "tests/dialogues/pop3/one.txt"
    for path, text in ((claims.CLAIMS, a_ledger(proof=proof)), (Path(proof), "# rfc")):
        (tmp_path / path).parent.mkdir(parents=True)
        (tmp_path / path).write_text(text, "utf-8")

    assert [0, 0] == [claims.main("update", tmp_path), claims.main("check", tmp_path)]
    (tmp_path / JAPANESE.page).write_text("", "utf-8")
    (tmp_path / ENGLISH.page).unlink()

    assert claims.main("check", tmp_path) == 1
    said = capsys.readouterr().out.splitlines()
    assert [f"{words.page}: stale" for words in (ENGLISH, JAPANESE)] == [
        line.partition(".md: stale")[0] + ".md: stale" for line in said
    ]
