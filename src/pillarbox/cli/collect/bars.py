"""Bars of progress, one a remote: messages, octets, rate, and the time that is left.

Imported, with its library, where a person looks.
"""

from dataclasses import dataclass
from types import TracebackType
from typing import Self

from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)

from pillarbox.archive.keep import Filed
from pillarbox.cli.display import progress_display


class Bars:
    """The bars of all remotes that are being collected from."""

    has_reader = True

    def __init__(self) -> None:
        self._tasks: dict[str, TaskID] = {}
        self._progress = progress_display(
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.fields[messages]}"),
            DownloadColumn(),
            TransferSpeedColumn(),
            TimeRemainingColumn(),
        )

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._progress.stop()

    def begin(self, name: str) -> "Bar":
        """Return a new bar."""
        self._tasks[name] = self._progress.add_task(name, total=None, messages="")
        return Bar(self._progress, self._tasks[name])

    def end(self, name: str) -> None:
        """Take a bar away, where there is one."""
        if name in self._tasks:
            self._progress.remove_task(self._tasks.pop(name))


@dataclass(slots=True)
class Bar:
    """One remote's line."""

    progress: Progress
    task: TaskID
    done: int = 0
    messages: int = 0

    def planned(self, messages: int, octets: int) -> None:
        """Show how much there is to do."""
        self.messages = messages
        self.progress.update(self.task, total=octets, messages=self._count())

    def received(self, octets: int) -> None:
        """Move on."""
        self.progress.advance(self.task, octets)

    def kept(self, filed: Filed) -> None:
        """Count one message more."""
        del filed
        self.done += 1
        self.progress.update(self.task, messages=self._count())

    def _count(self) -> str:
        return f"{self.done}/{self.messages}"
