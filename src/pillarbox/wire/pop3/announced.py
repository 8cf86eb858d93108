"""What a server announces, as its client reads it: RFC 2449, sections 5 and 6."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

DIGITS = re.compile("[0-9]{1,9}")


@dataclass(frozen=True, slots=True)
class Announced:
    """Capability names in upper case, each with its arguments; empty where CAPA was refused."""

    arguments: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def __contains__(self, name: str) -> bool:
        return name in self.arguments

    @property
    def mechanisms(self) -> frozenset[str]:
        """The SASL mechanisms; RFC 5034, section 3."""
        return frozenset(name.upper() for name in self.arguments.get("SASL", ()))

    @property
    def takes_utf8_logins(self) -> bool:
        """Whether USER, PASS and APOP may carry UTF-8; RFC 6856, section 2.2."""
        return "USER" in (argument.upper() for argument in self.arguments.get("UTF8", ()))

    @property
    def login_delay_seconds(self) -> int | None:
        """The least time between two logins; RFC 2449, section 6.5. None: it says nothing."""
        return _count(self.arguments.get("LOGIN-DELAY", ()))

    @property
    def expire_days(self) -> int | None:
        """After how long mail is removed; RFC 2449, section 6.7. None: never, or unsaid."""
        return _count(self.arguments.get("EXPIRE", ()))


def _count(arguments: tuple[str, ...]) -> int | None:
    """Return the first argument where it is a number; NEVER and USER are none."""
    return int(arguments[0]) if arguments and DIGITS.fullmatch(arguments[0]) else None


def read_announced(lines: Iterable[bytes]) -> Announced:
    """Return what the lines of a reply to CAPA announce; a line that says nothing is left out."""
    words = [line.decode("ascii", "replace").split() for line in lines]
    return Announced({name.upper(): tuple(arguments) for name, *arguments in filter(None, words)})
