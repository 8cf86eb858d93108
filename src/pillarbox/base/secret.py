"""A secret that shows itself only when asked by name."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Secret:
    """Octets that never reach a log, an error or a repr."""

    _octets: bytes = field(repr=False)

    def reveal(self) -> bytes:
        """Return the octets; the caller answers for where they go."""
        return self._octets

    def __repr__(self) -> str:
        return "Secret(...)"
