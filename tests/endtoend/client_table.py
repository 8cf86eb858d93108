"""`python -m tests.endtoend.client_table`: log in with every client, and write the table of it."""

from pathlib import Path
from tempfile import TemporaryDirectory

from tests.endtoend.logins import PROGRAMS, WAYS, does_apply, furnish, secret_for
from tests.endtoend.post_office import Serving, open_office
from tests.net.web import serving as web_serving
from tests.peers.fetch import Tls

HOWTO = Path(__file__).parents[2] / "docs" / "howto"
PAGES = [folder / "which-client-logs-in-how.md" for folder in (HOWTO, HOWTO / "ja")]
BEGIN, END = "<!-- table -->", "<!-- end -->"


def cell(name: str, way: str, serving: Serving, password: str, folder: Path) -> str:
    """Return by which kinds of TLS a client gets in by a way."""
    program = PROGRAMS[name]
    if way not in program.ways():
        return "-"
    found = []
    for tls in Tls:
        if does_apply(way, tls):
            server = serving.as_peer(tls, password=secret_for(way, password), host="localhost")
            is_in = program.attempt(server, way, folder / f"{name}-{way}-{tls.value}")
            found.append(tls.value.upper() if is_in else f"not {tls.value.upper()}")
    return ", ".join(found)


def table(serving: Serving, password: str, folder: Path) -> list[list[str]]:
    """Return the rows, the first of them the clients."""
    cells = [
        [way, *(cell(name, way, serving, password, folder) for name in PROGRAMS)] for way in WAYS
    ]
    return [["", *PROGRAMS], *cells]


def read_table(page: Path) -> list[list[str]]:
    """Return the rows that a page shows."""
    shown = page.read_text("utf-8").partition(BEGIN)[2].partition(END)[0]
    lines = [line for line in shown.splitlines() if line.startswith("|")]
    rows = [[cell.strip(" `") for cell in line.strip("|").split("|")] for line in lines]
    return [rows[0], *rows[2:]]


def written(rows: list[list[str]]) -> str:
    """Return the rows as Markdown."""
    lines = [" | ".join(row) for row in rows]
    lines.insert(1, " | ".join("---" for _ in rows[0]))
    return "".join(f"| {line} |\n" for line in lines)


def main() -> None:
    """Bring the pages up to date."""
    with TemporaryDirectory() as folder, web_serving() as web:
        office = open_office(Path(folder, "home"))
        password = furnish(office, web)
        with office.serving() as serving:
            rows = table(serving, password, Path(folder))
    versions = ", ".join(filter(None, (each.version() for each in PROGRAMS.values())))
    for page in PAGES:
        before, _, rest = page.read_text("utf-8").partition(BEGIN)
        _, _, after = rest.partition(END)
        text = f"{before}{BEGIN}\n\n{versions}\n\n{written(rows)}\n{END}{after}"
        page.write_text(text, "utf-8")


if __name__ == "__main__":
    main()
