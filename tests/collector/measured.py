"""Runs a program, and writes the most memory that it had, in kilobytes: ... FILE PROGRAM [WORD]...

A program of little memory has to start what is measured: until exec it counts what its parent has.
"""

import os
import subprocess
import sys
from pathlib import Path

if __name__ == "__main__":
    file, *command = sys.argv[1:]
    with subprocess.Popen(command) as started:
        _, status, usage = os.wait4(started.pid, 0)
        started.returncode = os.waitstatus_to_exitcode(status)
    Path(file).write_text(str(usage.ru_maxrss), encoding="ascii")
    sys.exit(started.returncode)
