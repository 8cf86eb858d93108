"""The model's mail: what was delivered, what is served of it, who has which maildrop."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Mail:
    """A message as it came, and as it is for clients that did not say UTF8.

    `surrogate` is None where its header is ASCII, or is no UTF-8.
    """

    octets: bytes
    surrogate: bytes | None = None

    @property
    def lines(self) -> list[bytes]:
        return lines_of(self.octets)


def lines_of(octets: bytes) -> list[bytes]:
    """Return lines without their ends, whichever these are."""
    for end in (b"\r\r\n", b"\r\n", b"\r"):
        octets = octets.replace(end, b"\n")
    *lines, last = octets.split(b"\n")
    return [*lines, last] if last else lines


def octets_of(lines: list[bytes]) -> int:
    """RFC 1939, section 11: the octets of these lines on the wire, each with CRLF."""
    return sum(len(line) + 2 for line in lines)


@dataclass(eq=False)
class Kept:
    """A message in a maildrop. Its unique-id is the server's choice, and stays what it once was."""

    mail: Mail
    unique_id: str | None = None


@dataclass
class World:
    """Maildrops by name, who has them open, and every unique-id that was ever seen."""

    maildrops: dict[str, list[Kept]]
    leases: dict[str, object] = field(default_factory=dict)
    too_soon: set[str] = field(default_factory=set)
    unique_ids: dict[str, Kept] = field(default_factory=dict)

    def deliver(self, name: str, mail: Mail) -> None:
        self.maildrops[name].append(Kept(mail))

    def learn(self, kept: Kept, unique_id: str) -> bool:
        """Return whether this may be the message's unique-id: RFC 1939, section 7."""
        if kept.unique_id is None and unique_id not in self.unique_ids:
            kept.unique_id = unique_id
            self.unique_ids[unique_id] = kept
        return kept.unique_id == unique_id
