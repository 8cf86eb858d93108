"""The real `pillarbox collect` against a server that errs by name, and then against it mended.

Whatever the fault: nothing is lost, nothing is doubled, nothing leaves the server that is not kept,
no password goes out in the clear, nothing is written outside the home, no wait passes its deadline,
and memory stays small. In the end all is kept that a safe client could keep.
"""

import json
import shutil
import sys
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from pillarbox.wire.pop3.client import LISTING_LINES
from tests.client.fake_server import NAME, PASSWORD
from tests.collector import forged
from tests.collector.faults import (
    CASES,
    FINE,
    MESSAGES,
    MORE_CASES,
    AbsurdlyMany,
    Case,
    CutInMany,
)
from tests.collector.faulty_server import Fault, FaultyServer, secrets
from tests.collector.judge import judged
from tests.endtoend.post_office import ACCOUNT, COMMAND, PostOffice
from tests.endtoend.unmeasured import unmeasured
from tests.peers.program import Done, run

MEASURED = Path(__file__).with_name("measured.py")
ROOT = Path(__file__).resolve().parents[2]
MEMORY = 100 * 1024  # kilobytes
SAMPLE = frozenset(
    {
        "cut in RETR",
        "-ERR at QUIT, and removed",
        "duplicate unique-ids",
        "STLS stripped",
        "partial listing",
    }
)
ALL = [
    pytest.param(name, id=name, marks=() if name in SAMPLE else pytest.mark.interop)
    for name in CASES
]
REMOTE = "there"
pytestmark = pytest.mark.slow


@dataclass(frozen=True)
class Run:
    """One collection: how it ended, and the kilobytes that it took."""

    done: Done
    peak: int


@dataclass(frozen=True)
class Bench:
    """A home, and a server that may err."""

    office: PostOffice
    server: FaultyServer
    folder: Path
    program: tuple[str, ...] = COMMAND

    def collect(self, fault: Fault, longest: int) -> Run:
        """Collect once; raises DeadlineFault where it takes much longer than a session may."""
        self.server.fault = fault
        peak = self.folder / "peak"
        words = self.office.command("collect", REMOTE, "--json")[len(COMMAND) :]
        done = run(
            [sys.executable, str(MEASURED), str(peak), *self.program, *words],
            env=self.office.environment,
            cwd=ROOT,
            deadline=longest + 60,
        )
        return Run(done, int(peak.read_text("ascii")))

    def kept(self) -> list[bytes]:
        to = self.folder / "exported"
        shutil.rmtree(to, ignore_errors=True)
        self.office.do("archive", "export", "--format", "eml", "--to", to)
        return [path.read_bytes() for path in to.rglob("*") if path.is_file()]

    def outside(self) -> set[str]:
        """Return what there is beside the home and what the test itself has written."""
        ours = {"home", "exported", "peak", "authority.pem"}
        return {path.name for path in self.folder.iterdir()} - ours


@pytest.fixture(scope="module")
def furnished(tmp_path_factory: pytest.TempPathFactory) -> PostOffice:
    """Return a home that each test copies."""
    office = unmeasured(tmp_path_factory.mktemp("furnished") / "home")
    office.add_account(ACCOUNT)
    return office


def add_remote(office: PostOffice, server: FaultyServer, case: Case, authority: Path) -> None:
    wait, session = case.seconds
    policy = () if case.was_well else case.policy
    office.do(
        *("remote", "add", REMOTE, "--server", f"127.0.0.1:{server.port}", "--user", NAME),
        *("--account", ACCOUNT, "--tls", case.fault.tls, "--ca", authority, "--password-stdin"),
        *("--timeout", wait, "--deadline", session, *policy),
        said=PASSWORD.encode() + b"\n",
    )


def mended(fault: Fault) -> Fault:
    """Return a server without the fault that is reached in the same way."""
    well = Fault()
    well.tls = fault.tls
    return well


def costs_no_message(case: Case, furnished: PostOffice, tmp_path: Path) -> None:
    wanted = case.messages if case.kept is None else case.kept
    shutil.copytree(furnished.folder, tmp_path / "home")
    office = replace(furnished, folder=tmp_path / "home")
    with FaultyServer(case.messages, case.fault) as server:
        bench = Bench(office, server, tmp_path)
        add_remote(office, server, case, forged.authority_file(tmp_path))
        longest = case.seconds[1]
        if case.was_well or case.later:
            server.hide(case.later)
            assert 0 == bench.collect(mended(case.fault), longest).done.code
            server.unhide()
        fetched = server.count("RETR")
        met = bench.collect(case.fault, longest)
        after = judged(wanted, server.maildrop.removed, bench.kept(), case.more)
        last = case.fault if not case.is_mended else mended(case.fault)
        runs = [met, *(bench.collect(last, longest) for _ in range(2))]
        kept = bench.kept()

    assert met.done.code in case.exits, met.done
    assert not case.ends_well or runs[-1].done.code in FINE, runs[-1].done
    assert [] == [wrong for wrong in after if not wrong.startswith("missing")]
    assert [] == judged(wanted, server.maildrop.removed, kept, case.more)
    assert not (case.was_well and case.has_names) or fetched == server.count("RETR")
    assert [] == [secret for secret in secrets() if secret in bytes(server.in_clear)]
    assert not any(PASSWORD.encode() in run.done.out + run.done.err for run in runs)
    assert set() == bench.outside()
    assert max(run.peak for run in runs) < MEMORY


@pytest.mark.parametrize("name", ALL)
def test_no_fault_of_a_server_costs_a_message(
    name: str, furnished: PostOffice, tmp_path: Path
) -> None:
    costs_no_message(CASES[name], furnished, tmp_path)


@pytest.mark.interop
@pytest.mark.parametrize("name", MORE_CASES)
def test_no_fault_costs_a_message_in_other_circumstances(
    name: str, furnished: PostOffice, tmp_path: Path
) -> None:
    costs_no_message(MORE_CASES[name], furnished, tmp_path)


@pytest.mark.interop
def test_bad_messages_however_many_keep_no_other_waiting(
    furnished: PostOffice, tmp_path: Path
) -> None:
    case = CASES["cut in RETR"]
    shutil.copytree(furnished.folder, tmp_path / "home")
    office = replace(furnished, folder=tmp_path / "home")
    with FaultyServer(MESSAGES, CutInMany()) as server:
        bench = Bench(office, server, tmp_path)
        add_remote(office, server, case, forged.authority_file(tmp_path))
        runs = [bench.collect(server.fault, 60) for _ in range(2)]
        said = json.loads(runs[-1].done.out)[0]["stuck"]
        why = json.loads(office.do("remote", "why", REMOTE, "id-1", "--json"))
        kept = bench.kept()

    assert {MESSAGES["id-7"], MESSAGES["id-8"]} == set(kept)
    assert {"id-7", "id-8"} == set(server.maildrop.removed)
    assert {f"id-{number}" for number in range(1, 7)} == {each["unique_id"] for each in said}
    assert {"cut"} == {each["why"] for each in said}
    assert ("stuck", "cut") == (why[0]["reason"], why[0]["stuck"])


@pytest.mark.interop
def test_absurdly_many_messages_keep_those_that_are_there_from_nobody(
    furnished: PostOffice, tmp_path: Path
) -> None:
    case = Case(AbsurdlyMany(), FINE, seconds=(20, 900))
    shutil.copytree(furnished.folder, tmp_path / "home")
    office = replace(furnished, folder=tmp_path / "home")
    with FaultyServer(MESSAGES, case.fault) as server:
        bench = Bench(office, server, tmp_path)
        add_remote(office, server, case, forged.authority_file(tmp_path))
        met = bench.collect(case.fault, 900)
        kept = bench.kept()
        again = bench.collect(mended(case.fault), 20)

    assert [] == judged(MESSAGES, server.maildrop.removed, kept)
    assert set(MESSAGES) == set(server.maildrop.removed)
    assert again.done.code in FINE
    assert met.peak < MEMORY


@pytest.mark.interop
def test_absurdly_many_messages_that_are_known_take_little_memory(
    furnished: PostOffice, tmp_path: Path
) -> None:
    case = Case(AbsurdlyMany(), FINE, seconds=(20, 900))
    shutil.copytree(furnished.folder, tmp_path / "home")
    office = replace(furnished, folder=tmp_path / "home")
    with FaultyServer(MESSAGES, case.fault) as server:
        bench = Bench(office, server, tmp_path)
        add_remote(office, server, case, forged.authority_file(tmp_path))
        office.do("remote", "import-state", REMOTE, "--mark-all-seen")
        met = bench.collect(case.fault, 900)

    assert LISTING_LINES == json.loads(met.done.out)[0]["listed"]
    assert 0 == server.count("RETR")
    assert met.peak < MEMORY


@pytest.mark.parametrize(
    ("way", "name", "said"),
    [
        pytest.param("trusting", "a reply left out", "lost", marks=pytest.mark.interop),
        ("doubling", "neither UIDL nor TOP any more", "doubled"),
    ],
)
def test_a_build_that_loses_or_doubles_is_caught(
    way: str, name: str, said: str, furnished: PostOffice, tmp_path: Path
) -> None:
    case = CASES[name]
    shutil.copytree(furnished.folder, tmp_path / "home")
    office = replace(furnished, folder=tmp_path / "home")
    program = (sys.executable, "-m", "tests.collector.broken_collect", way)
    with FaultyServer(case.messages, case.fault) as server:
        bench = Bench(office, server, tmp_path, program)
        add_remote(office, server, case, forged.authority_file(tmp_path))
        if case.was_well:
            bench.collect(mended(case.fault), case.seconds[1])
        bench.collect(case.fault, case.seconds[1])
        bench.collect(mended(case.fault), case.seconds[1])
        wrong = judged(case.messages, server.maildrop.removed, bench.kept())

    assert any(each.startswith(said) for each in wrong), wrong


HALF = dict(list(MESSAGES.items())[:4])


@pytest.mark.parametrize(
    ("removed", "kept", "said"),
    [
        ([], [], "missing"),
        (["id-1"], [HALF["id-2"], HALF["id-3"], HALF["id-4"]], "lost"),
        ([], [*HALF.values(), HALF["id-1"]], "doubled"),
        ([], [*HALF.values(), HALF["id-1"][:-1]], "strange"),
    ],
)
def test_the_judge_notices_what_is_lost_doubled_or_cut_short(
    removed: list[str], kept: list[bytes], said: str
) -> None:
    assert any(wrong.startswith(said) for wrong in judged(HALF, removed, kept))


def test_the_judge_has_nothing_to_say_where_all_is_well() -> None:
    assert [] == judged(HALF, ["id-1"], list(HALF.values()))
