"""The tree of faults, split by who can mend them.

A fault carries an English `str.format` template and its fields apart, so that the command line
can say it in the reader's language. No field may hold a secret.
"""


class Fault(Exception):
    """Something that a caller is told about; `retry` says whether the same call may help later."""

    retry = False

    def __init__(self, template: str, **fields: object) -> None:
        super().__init__(template, fields)
        self.template = template
        self.fields = fields

    def __str__(self) -> str:
        return self.template.format(**self.fields)


class PeerFault(Fault):
    """The program at the other end of the connection broke a rule or went away."""

    retry = True


class OperatorFault(Fault):
    """The person who runs this can mend it: a setting, a name, a file."""


class StoreFault(Fault):
    """What must last could not be written or read."""


class Bug(Fault):
    """We broke our own rule."""
