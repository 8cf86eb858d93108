"""Cheap passwords, counted work, and a disk and a database that are cut short."""

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from pillarbox.accounts.argon2id import Argon2id
from pillarbox.accounts.scram import APP_ITERATIONS, ScramPolicy
from pillarbox.db.sqlite import Database, Rows
from pillarbox.store.disk import Disk

T = TypeVar("T")

MAIN_ITERATIONS = APP_ITERATIONS + 1  # cheap, and to be told from an app password's
CHEAP = ScramPolicy(main_iterations=MAIN_ITERATIONS)
CHEAP_WITH_SHA_1 = ScramPolicy(sha_1_for_main_passwords=True, main_iterations=MAIN_ITERATIONS)


class CountedScheme:
    """Argon2id at its cheapest, which notes what it is asked to do."""

    name = "argon2id"

    def __init__(self, passes: int = 1) -> None:
        self._scheme = Argon2id(memory_kib=8, passes=passes)
        self.calls: list[str] = []

    def make(self, password: bytes) -> str:
        self.calls.append("make")
        return self._scheme.make(password)

    def is_right(self, verifier: str, password: bytes) -> bool:
        self.calls.append("is_right " + verifier.split("$")[3])
        return self._scheme.is_right(verifier, password)

    def is_current(self, verifier: str) -> bool:
        return self._scheme.is_current(verifier)

    def decoy(self) -> str:
        return self._scheme.decoy()


class Cut(BaseException):
    """The process was killed here."""


class Knife:
    """Cuts at one point of all that are passed; notes their names."""

    def __init__(self, at: int) -> None:
        self._at = at
        self.passed: list[str] = []

    def pass_point(self, name: str) -> None:
        self.passed.append(name)
        if len(self.passed) == self._at:
            raise Cut(name)


class CutDisk(Disk):
    """A disk with a point before and after everything it does."""

    def __init__(self, knife: Knife) -> None:
        self._knife = knife

    def sync(self, descriptor: int) -> None:
        self._knife.pass_point("before sync")
        super().sync(descriptor)
        self._knife.pass_point("sync")

    def rename(self, old: Path, new: Path) -> None:
        self._knife.pass_point("before rename")
        super().rename(old, new)
        self._knife.pass_point("rename")

    def sync_folder(self, folder: Path) -> None:
        self._knife.pass_point("before sync_folder")
        super().sync_folder(folder)
        self._knife.pass_point("sync_folder")


class LateDisk(CutDisk):
    """A disk that loses what it may lose: a rename lasts only once its folder is synced."""

    def __init__(self, knife: Knife) -> None:
        super().__init__(knife)
        self._late: list[tuple[Path, Path]] = []

    def rename(self, old: Path, new: Path) -> None:
        self._knife.pass_point("before rename")
        self._late.append((old, new))
        self._knife.pass_point("rename")

    def sync_folder(self, folder: Path) -> None:
        self._knife.pass_point("before sync_folder")
        for old, new in self._late:
            old.rename(new)
        self._late.clear()
        self._knife.pass_point("sync_folder")


class CutDatabase(Database):
    """A database with a point before and after each transaction."""

    def __init__(self, path: Path, knife: Knife) -> None:
        super().__init__(path)
        self._knife = knife

    def write(self, work: Callable[[Rows], T]) -> T:
        self._knife.pass_point("before transaction")
        result = super().write(work)
        self._knife.pass_point("transaction")
        return result
