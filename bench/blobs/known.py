"""The layouts that are compared, by the name that stands above their column."""

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from types import MappingProxyType

from bench.blobs.files import Files
from bench.blobs.layout import Layout
from bench.blobs.packs import Packs
from bench.blobs.tables import Tables

PAGE_OCTETS = (4096, 8192, 16384, 32768)
THRESHOLDS_KB = (32, 64, 128, 256)

MAIN = ("A files", "B packs", "C table 64K/8192", "D same db 64K/8192")


def _known() -> dict[str, Callable[[Path], Layout]]:
    known: dict[str, Callable[[Path], Layout]] = {"A files": Files, "B packs": Packs}
    for most_kb in THRESHOLDS_KB:
        for page in PAGE_OCTETS:
            make = partial(Tables, page_octets=page, most_kb=most_kb)
            known[f"C table {most_kb}K/{page}"] = make
            known[f"D same db {most_kb}K/{page}"] = partial(make, apart=False)
    return known


LAYOUTS: Mapping[str, Callable[[Path], Layout]] = MappingProxyType(_known())
