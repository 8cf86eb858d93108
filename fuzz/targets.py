"""What can be fuzzed: a module each, with `one_input`, its seeds and its words."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import import_module

MODULES = {
    "server-commands": "fuzz.server_commands",
    "server-conversation": "fuzz.server_conversation",
    "client-replies": "fuzz.client_replies",
    "sasl": "fuzz.sasl_exchanges",
    "proxy": "fuzz.proxy_headers",
    "client-hello": "fuzz.client_hello",
    "historical": "fuzz.historical",
    "surrogate": "fuzz.surrogate",
}


@dataclass(frozen=True, slots=True)
class Target:
    """What the fuzzer needs: `one_input` raises on a finding and on nothing else."""

    name: str
    one_input: Callable[[bytes], None]
    prepare: Callable[[], None]  # changes the whole process: for one that only fuzzes
    seeds: Sequence[bytes]
    words: Sequence[bytes]
    most_octets: int


def load(name: str) -> Target:
    """Import a target, and with it the code that it tries."""
    module = import_module(MODULES[name])
    return Target(
        name=name,
        one_input=module.one_input,
        prepare=getattr(module, "prepare", _nothing),
        seeds=module.SEEDS,
        words=module.WORDS,
        most_octets=module.MOST_OCTETS,
    )


def _nothing() -> None:
    """Most targets need no preparation."""
