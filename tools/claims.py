"""What each RFC asks of us, whether we do it, and the tests that prove it.

`docs/rfc/claims.toml` is written by hand. `update` makes the pages from it. `check` writes nothing
and fails where a page is stale, an RFC is missing, a test does not exist, or a claim has neither
proof nor reason.
"""

import ast
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Literal

import msgspec

ROOT = Path(__file__).parents[1]
CLAIMS = Path("docs/rfc/claims.toml")
DIALOGUE = re.compile(r"tests/dialogues/pop[123]/[\w-]+\.txt")  # those that tests play

RFCS = {
    "rfc918": "Post Office Protocol",
    "rfc937": "Post Office Protocol, version 2",
    "rfc1939": "Post Office Protocol, version 3",
    "rfc2449": "POP3 extension mechanism",
    "rfc2595": "Using TLS with IMAP, POP3 and ACAP",
    "rfc3206": "The SYS and AUTH POP response codes",
    "rfc5034": "POP3 SASL authentication",
    "rfc5802": "SCRAM",
    "rfc6186": "SRV records for mail",
    "rfc6856": "POP3 support for UTF-8",
    "rfc7628": "SASL mechanisms for OAuth",
    "rfc7677": "SCRAM-SHA-256",
    "rfc8314": "Cleartext considered obsolete",
}
# In small letters: as old RFCs say it. "binds": a sentence that prescribes without such a word.
Level = Literal["MUST", "MUST NOT", "SHOULD", "SHOULD NOT", "must", "must not", "should", "binds"]
Status = Literal["kept", "not applicable", "not kept", "waiting"]
SHOWN: tuple[Status, ...] = ("kept", "not applicable", "not kept")


class Claim(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One thing that an RFC asks for, in our words."""

    id: str
    section: str
    level: Level
    who: Literal["server", "client", "both"]
    says: str
    status: Status
    proofs: tuple[str, ...] = ()
    reason: str = ""


Claims = Mapping[str, Sequence[Claim]]


@dataclass(frozen=True, slots=True)
class Ledger:
    """All claims by RFC, and what each RFC says that concerns neither our server nor our client."""

    claims: Claims
    left_out: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Words:
    """The frame of a page in one language."""

    page: Path
    up: str  # from the page to the root
    title: str
    about: str
    columns: tuple[str, ...]
    statuses: Mapping[str, str]
    who: Mapping[str, str]
    section: str
    left_out: str
    stop: str


ENGLISH = Words(
    page=Path("docs/rfc/claims.md"),
    up="../..",
    title="What the RFCs ask, and the tests that prove it",
    about=(
        "Every MUST, MUST NOT and SHOULD that concerns a server or a client like ours, in our own "
        'words. "must" and "should" in small letters are those of RFCs that were written before '
        'the capitals meant anything; "binds" is a sentence that prescribes without such a word. '
        "A claim that is kept names the tests that fail when it is broken; any other gives the "
        "reason.\n\n"
        "This page is made from [claims.toml](claims.toml) by `python -m tools.claims update`. "
        "`make check` fails where a test that is named here does not exist."
    ),
    columns=("RFC", "Title", "Claims", "Kept", "Not applicable", "Not kept"),
    statuses={
        "kept": "Kept",
        "not applicable": "Not applicable",
        "not kept": "Not kept",
        "waiting": "Waiting",
    },
    who={"server": "server", "client": "client", "both": "server and client"},
    section="Section",
    left_out="Left out",
    stop=".",
)
JAPANESE = Words(
    page=Path("docs/rfc/ja/claims.md"),
    up="../../..",
    title="RFC の要求と、それを証明するテスト",
    about=(
        "このサーバーとクライアントに関わる MUST、MUST NOT、SHOULD をすべて挙げます。要求の要約と"
        "理由は英語のままで、見出し、状態、表だけが日本語です。小文字の must と should は、大文字の"
        "語に意味が定められる前の RFC のものです。binds は、そうした語を使わずに定めている文です。"
        "「満たしている」要求には、破られたときに失敗するテストを示し、それ以外には理由を示します。"
        "\n\n"
        "このページは [claims.toml](../claims.toml) から `python -m tools.claims update` で"
        "作られます。ここに示したテストが存在しなければ `make check` は失敗します。"
    ),
    columns=("RFC", "題名", "要求", "満たしている", "該当しない", "満たしていない"),
    statuses={
        "kept": "満たしている",
        "not applicable": "該当しない",
        "not kept": "満たしていない",
        "waiting": "確認待ち",
    },
    who={"server": "サーバー", "client": "クライアント", "both": "サーバーとクライアント"},
    section="節",
    left_out="除いたもの",
    stop="。",
)


def read(text: str) -> Ledger:
    """Read a ledger; raises msgspec.ValidationError with the place of what is wrong."""
    tables = msgspec.toml.decode(text, type=dict[str, list[Claim] | dict[str, str]])
    left_out = tables.pop("left_out", {})
    return Ledger(
        {rfc: rows for rfc, rows in tables.items() if isinstance(rows, list)},
        left_out if isinstance(left_out, dict) else {},
    )


# What is wrong


def complaints(ledger: Ledger, root: Path) -> Iterator[str]:
    """Name each RFC that is missing and each claim that does not hold."""
    yield from (f"{rfc}: no claim" for rfc in RFCS if not ledger.claims.get(rfc))
    yield from (f"{rfc}: not an RFC of ours" for rfc in ledger.claims if rfc not in RFCS)
    claims = [claim for rows in ledger.claims.values() for claim in rows]
    counts = Counter(claim.id for claim in claims)
    yield from (f"{name}: said twice" for name, count in counts.items() if count > 1)
    missing = without_test({proof for claim in claims for proof in claim.proofs}, root)
    for claim in claims:
        why = fault_of(claim)
        if why:
            yield f"{claim.id}: {why}"
        yield from (f"{claim.id}: no such test: {one}" for one in claim.proofs if one in missing)


def fault_of(claim: Claim) -> str | None:
    """Say what a claim lacks."""
    if claim.status == "waiting":
        return "waiting"
    if claim.status == "kept":
        return None if claim.proofs else "kept, without a proof"
    return None if claim.reason else f"{claim.status}, without a reason"


def without_test(proofs: Iterable[str], root: Path) -> set[str]:
    """Return those that name no dialogue and no test."""
    names = set(proofs)
    with_parameters = {name for name in names if "[" in name}
    missing = {name for name in names - with_parameters if not is_there(name, root)}
    files = sorted({name.partition("::")[0] for name in with_parameters})
    here = [file for file in files if (root / file).is_file()]
    return missing | (with_parameters - collected(here, root))


def is_there(name: str, root: Path) -> bool:
    """Look for a dialogue, or for a test that is named without parameters."""
    path, _, test = name.partition("::")
    if not test:
        return DIALOGUE.fullmatch(path) is not None and (root / path).is_file()
    file = root / path
    return file.match("test_*.py") and file.is_file() and test in tests_in(file)


def tests_in(file: Path) -> set[str]:
    """Return the tests of a file, those of a class as `Class::test`."""
    return set(_tests_of(ast.parse(file.read_text("utf-8")).body, ""))


def _tests_of(body: Iterable[ast.stmt], prefix: str) -> Iterator[str]:
    for node in body:
        if isinstance(node, ast.ClassDef) and node.name.startswith("Test"):
            yield from _tests_of(node.body, f"{prefix}{node.name}::")
        elif isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
            yield prefix + node.name


def collected(files: Sequence[str], root: Path) -> set[str]:
    """Return what pytest would run of these files, each with its parameters."""
    if not files:
        return set()
    options = ["--collect-only", "-q", "-p", "no:randomly", "-p", "no:cacheprovider"]
    command = [sys.executable, "-m", "pytest", *options, *files]
    done = subprocess.run(command, check=False, capture_output=True, text=True, cwd=root)
    return {line for line in done.stdout.splitlines() if "::" in line}


# The pages


def page(ledger: Ledger, words: Words) -> str:
    """Return a page of all claims."""
    parts = [f"# {words.title}", words.about, "\n".join(_summary(ledger.claims, words))]
    for rfc, title in RFCS.items():
        parts.append(f"## RFC {rfc.removeprefix('rfc')}: {title}")
        if rfc in ledger.left_out:
            parts.append(f"*{words.left_out}*: {ledger.left_out[rfc]}")
        parts.extend(_sections(ledger.claims.get(rfc, ()), words))
    return "\n\n".join(parts) + "\n"


def _summary(claims: Claims, words: Words) -> Iterator[str]:
    yield _row(words.columns)
    yield _row(["---"] * len(words.columns))
    totals: Counter[str] = Counter()
    for rfc, title in RFCS.items():
        counts = Counter[str](claim.status for claim in claims.get(rfc, ()))
        totals.update(counts)
        yield _row([rfc.removeprefix("rfc"), title, *_counts(counts)])
    yield _row(["", "", *_counts(totals)])


def _counts(counts: Mapping[str, int]) -> list[str]:
    return [str(sum(counts.values())), *(str(counts.get(status, 0)) for status in SHOWN)]


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _sections(claims: Iterable[Claim], words: Words) -> Iterator[str]:
    for section, group in groupby(claims, key=lambda claim: claim.section):
        yield f"### {words.section} {section}"
        yield "\n".join(_item(claim, words) for claim in group)


def _item(claim: Claim, words: Words) -> str:
    said = f"- **{claim.level}**, {words.who[claim.who]}: {claim.says}"
    proofs = ", ".join(_link(proof, words) for proof in claim.proofs)
    because = [text for text in (proofs and proofs + words.stop, claim.reason) if text]
    return f"{said} *{words.statuses[claim.status]}*: {' '.join(because)}"


def _link(proof: str, words: Words) -> str:
    path, _, test = proof.partition("::")
    return f"[`{test or Path(path).name}`]({words.up}/{path})"


def main(verb: str, root: Path = ROOT) -> int:
    """Do `update` or `check`, and name what is wrong; `check` gives 1 for it."""
    ledger = read((root / CLAIMS).read_text("utf-8"))
    wrong = list(complaints(ledger, root))
    for words in (ENGLISH, JAPANESE):
        path, text = root / words.page, page(ledger, words)
        if verb == "update":
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, "utf-8")
        elif not path.exists() or path.read_text("utf-8") != text:
            wrong.append(f'{words.page}: stale. Run "python -m tools.claims update".')
    print(*wrong, sep="\n", end="\n" if wrong else "")
    return 1 if wrong and verb == "check" else 0


if __name__ == "__main__":
    if sys.argv[1:] not in (["update"], ["check"]):
        sys.exit("usage: python -m tools.claims update|check")
    sys.exit(main(sys.argv[1]))
