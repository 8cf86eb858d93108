"""The limit on open files, raised in a process of its own: nobody can lower a hard one again."""

import subprocess
import sys

import pytest

SCRIPT = """
import resource, sys
from pillarbox.net.descriptors import allow_descriptors
soft, hard, wanted = map(int, sys.argv[1:])
resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
print(allow_descriptors(wanted), *resource.getrlimit(resource.RLIMIT_NOFILE))
"""


@pytest.mark.parametrize(
    ("soft", "hard", "wanted", "expected"),
    [
        (100, 500, 300, (300, 300, 500)),
        (100, 500, 600, (500, 500, 500)),
        (100, 500, 50, (50, 100, 500)),
        (100, 500, 100, (100, 100, 500)),
    ],
)
def test_the_limit_is_raised_as_far_as_it_may_be_and_never_lowered(
    soft: int, hard: int, wanted: int, expected: tuple[int, ...]
) -> None:
    words = [sys.executable, "-c", SCRIPT, *map(str, (soft, hard, wanted))]

    said = subprocess.run(words, capture_output=True, check=True).stdout

    assert expected == tuple(map(int, said.split()))
