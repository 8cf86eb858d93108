"""The docs checks: run the tests that compare the pages with the code, when there are some."""

import subprocess
import sys

NO_TESTS_COLLECTED = 5  # pytest: nothing carries the marker yet


def main() -> int:
    """Run the tests marked `docs`."""
    command = [sys.executable, "-m", "pytest", "-q", "-m", "docs", "-p", "no:randomly", "tests"]
    code = subprocess.run(command, check=False).returncode
    if code == NO_TESTS_COLLECTED:
        print("no test is marked docs")
        return 0
    return code


if __name__ == "__main__":
    sys.exit(main())
