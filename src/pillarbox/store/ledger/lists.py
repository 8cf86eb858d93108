"""Which kind of list a text is, and what it says. Pure."""

from collections.abc import Callable, Iterator, Sequence
from enum import StrEnum

from pillarbox.base.errors import OperatorFault
from pillarbox.store.ledger import courier, dovecot, tsv
from pillarbox.store.ledger.entries import Entry, checked


class Form(StrEnum):
    """Whose list it is; the names of the command line."""

    DOVECOT = "dovecot"
    COURIER = "courier"
    TSV = "tsv"


def read_list(text: str, form: Form | None, uidl_format: str | None = None) -> Sequence[Entry]:
    """Return what a list says, in its order; without a form by what it looks like.

    `uidl_format` is of use to Dovecot's alone. Raises OperatorFault, which names the line.
    """
    lines = text.removesuffix("\n").split("\n")
    lines = [line.removesuffix("\r") for line in lines]
    known = form or recognise(lines[0])
    if uidl_format is not None and known is not Form.DOVECOT:
        raise OperatorFault("--uidl-format is of use for Dovecot's lists only.")
    readers: dict[Form, Callable[[], Iterator[Entry]]] = {
        Form.DOVECOT: lambda: dovecot.read(lines, uidl_format or dovecot.DEFAULT_FORMAT),
        Form.COURIER: lambda: courier.read(lines),
        Form.TSV: lambda: tsv.read(lines),
    }
    return checked(readers[known]())


def recognise(first_line: str) -> Form:
    """Return whose list starts so."""
    if dovecot.is_ours(first_line):
        return Form.DOVECOT
    return Form.COURIER if courier.is_ours(first_line) else Form.TSV
