"""Where the tests' files go: into memory where there is room for them.

A test waits for no disk and proves none: what is durable is shown by the calls that are made, and
by ending who makes them.
"""

import os
import shutil
from pathlib import Path

MEMORY = Path("/dev/shm")
LEAST_OCTETS = 4 << 30  # several workers at once, each with homes and large messages
PLACE = "PYTEST_DEBUG_TEMPROOT"  # where pytest makes the folders of tmp_path; `--basetemp` wins


def has_room() -> bool:
    """Whether files fit into memory, and programs that a test writes may run from there."""
    try:
        runs_programs = not os.statvfs(MEMORY).f_flag & os.ST_NOEXEC
        return runs_programs and shutil.disk_usage(MEMORY).free >= LEAST_OCTETS
    except OSError:
        return False


if has_room() and os.access(MEMORY, os.W_OK | os.X_OK):
    os.environ.setdefault(PLACE, str(MEMORY))
