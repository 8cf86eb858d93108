"""The pages and the code say the same: commands, keys, events, replies, decisions, links."""

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path

import click
import msgspec
import pytest

from pillarbox.app.settings import Configuration
from pillarbox.cli.main import cli
from pillarbox.server.authorization import STLS_INJECTION, TLS_FIRST
from pillarbox.server.refusals import FAULTS
from pillarbox.wire.lmtp import replies as lmtp
from pillarbox.wire.pop3 import replies as pop3

pytestmark = pytest.mark.docs

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
README = ROOT / "README.md"
NOT_OURS = {"var", "build", "dist", "htmlcov"}
README_LINES = 15  # what a person sees before scrolling

MANUALS = pytest.mark.parametrize("folder", [DOCS / "man", DOCS / "man" / "ja"], ids=["en", "ja"])
OPTION = re.compile(r"^- `(--?[a-z-]+)`", re.MULTILINE)
KEY = re.compile(r"^\| `([a-z0-9_]+)` \| `([^`]*)` \|", re.MULTILINE)
EVENT = re.compile(r"^\| `([a-z.-]+)` \|", re.MULTILINE)
LINK = re.compile(r"\]\(([^)\s]+)\)")


def sections(page: str, mark: str) -> dict[str, str]:
    """Return the text below each heading of one level, by the heading."""
    parts = re.split(rf"^{mark} (.+)$", page, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def commands(group: click.Group, path: str = "pillarbox") -> Iterator[tuple[str, click.Command]]:
    """Yield every command that does something, by what one types."""
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        if isinstance(command, click.Group):
            yield from commands(command, f"{path} {name}")
        else:
            yield f"{path} {name}", command


def options(command: click.Command) -> set[str]:
    """Return a command's options as one types them."""
    return {
        name
        for parameter in command.params
        if isinstance(parameter, click.Option)
        for name in parameter.opts
    }


def tables(struct: type[msgspec.Struct]) -> dict[str, dict[str, str]]:
    """Return the configuration's keys with their defaults as TOML, by table; "" is the top."""
    found: dict[str, dict[str, str]] = {"": {}}
    for field in msgspec.structs.fields(struct):
        if isinstance(field.default, msgspec.Struct):
            found[field.name] = tables(type(field.default))[""]
        else:
            found[""][field.name] = json.dumps(field.default)
    return found


def events() -> set[str]:
    """Return the name of every event that the code writes into the journal."""
    return noted() | {
        node.args[1].value
        for path in (ROOT / "src" / "pillarbox" / "app").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == "faults_noted"
        and isinstance(node.args[1], ast.Constant)
        and isinstance(node.args[1].value, str)
    }


def noted() -> set[str]:
    """Return the names that stand where an event is noted."""
    return {
        node.args[0].value
        for path in (ROOT / "src").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in {"note", "_note"}
        and node.args
        and isinstance(node.args[0], ast.Constant)
        and isinstance(node.args[0].value, str)
    }


def pages() -> Iterator[Path]:
    """Yield every Markdown page of the project."""
    for path in sorted(ROOT.rglob("*.md")):
        folders = path.relative_to(ROOT).parts[:-1]
        if not any(name.startswith(".") or name in NOT_OURS for name in folders):
            yield path


@MANUALS
def test_the_manual_has_every_command_with_its_options_and_no_others(folder: Path) -> None:
    page = (folder / "pillarbox.1.md").read_text("utf-8")
    described = {
        " ".join(re.findall(r"[a-z-]+", heading.split("`")[1])): set(OPTION.findall(text))
        for heading, text in sections(page, "###").items()
    }
    described = {name: found - {"--help"} for name, found in described.items()}

    assert {name: options(command) for name, command in commands(cli)} == described


@MANUALS
def test_the_manual_has_every_option_before_the_command(folder: Path) -> None:
    page = (folder / "pillarbox.1.md").read_text("utf-8")
    top = page.partition("\n### ")[0]

    assert options(cli) | {"--help"} == set(OPTION.findall(top))


@MANUALS
def test_the_manual_has_every_configuration_key_with_its_default(folder: Path) -> None:
    page = (folder / "pillarbox.toml.5.md").read_text("utf-8")
    described: dict[str, dict[str, str]] = {}
    for heading, text in sections(page, "##").items():
        table = heading.strip("`[]")
        keys = dict(KEY.findall(text))
        if keys:
            described[table if heading.startswith("`[") else ""] = keys

    assert tables(Configuration) == described


def test_the_journal_page_has_every_event_and_no_other() -> None:
    page = (DOCS / "journal.md").read_text("utf-8")

    assert events() == set(EVENT.findall(page))


def refusals() -> set[str]:
    """Return the texts of refusals without a code, where a session makes them."""
    calls = [
        node
        for path in (ROOT / "src" / "pillarbox" / "server").glob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "_err"
    ]
    texts = [ast.walk(call.args[0]) for call in calls if len(call.args) == 1]
    found = {each.value for text in texts for each in text if isinstance(each, ast.Constant)}
    assert "No such language." in found
    return {str(text) for text in found} | {TLS_FIRST, STLS_INJECTION}


def test_the_page_of_replies_has_every_code_and_every_lmtp_reply() -> None:
    page = (DOCS / "reply-codes.md").read_text("utf-8")
    constants = [value for value in vars(lmtp).values() if isinstance(value, bytes)]
    lines = {octets.decode("ascii").strip() for octets in [*constants, *lmtp.FAULTS.values()]}
    wanted = lines | {str(code) for code in pop3.Code} | set(FAULTS.values()) | refusals()

    assert set() == {text for text in wanted if f"`{text}`" not in page}


def test_the_index_has_every_decision() -> None:
    index = (DOCS / "adr" / "README.md").read_text("utf-8")
    files = {path.name for path in (DOCS / "adr").glob("0*.md")}

    assert files == set(LINK.findall(index))


def test_the_readme_says_at_once_how_to_run_and_to_test() -> None:
    top = "\n".join(README.read_text("utf-8").splitlines()[:README_LINES])

    assert "make run" in top
    assert "make test" in top


def test_no_relative_link_is_broken() -> None:
    broken = [
        f"{page.relative_to(ROOT)}: {target}"
        for page in pages()
        for target in LINK.findall(page.read_text("utf-8"))
        if not re.match(r"[a-z]+:|#", target)
        and not (page.parent / target.partition("#")[0]).exists()
    ]

    assert [] == broken
