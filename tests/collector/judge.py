"""Whether a collection lost, doubled or endangered anything: what is kept, and what went away."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping


def judged(
    wanted: Mapping[str, bytes],
    removed: Iterable[str],
    kept: Collection[bytes],
    more: Collection[bytes] = (),
) -> list[str]:
    """Return what is wrong, in words; nothing where all is well.

    `wanted` is what is to be kept of each message, by its name on the server, and `removed` names
    what the server has no more. `more` may be kept besides.
    """
    return [
        *(f"lost: {name} is gone from the server" for name in removed if wanted[name] not in kept),
        *(f"missing: {name}" for name, octets in wanted.items() if octets not in kept),
        *(f"doubled: {octets[:60]!r}" for octets, times in Counter(kept).items() if times > 1),
        *(
            f"strange: {octets[:60]!r}"
            for octets in kept
            if octets not in [*wanted.values(), *more]
        ),
    ]
