"""Programs that judge a server's TLS from outside: sslyze, testssl.sh, and nmap's script.

None of them looks anything up in the DNS, and none goes further than the loopback address.
"""

import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.peers.fetch import Server, Tls
from tests.peers.program import Done, environment, find, run

SSLYZE = Path(__file__).parents[2] / ".sslyze" / "bin" / "python"
MINUTES = 60.0
NAME = "localhost"  # what the scanners ask for by SNI

# Severities of testssl.sh, from MEDIUM on.
SEVERE = {"MEDIUM", "HIGH", "CRITICAL"}


def run_sslyze(home: Path, server: Server, profile: str = "intermediate") -> Done:
    """Compare the server with one of Mozilla's profiles; code 0 means that it complies."""
    if not SSLYZE.exists():
        pytest.skip("sslyze is not installed; `make peers` brings it")
    return run(
        [
            *(str(SSLYZE), "-m", "sslyze", f"--mozilla_config={profile}"),
            *("--certinfo_ca_file", str(server.authority), "--sni", NAME),
            *(["--starttls=pop3"] if server.tls is Tls.STLS else []),
            f"{server.host}:{server.port}",
        ],
        env=environment(home),
        deadline=2 * MINUTES,
    )


def run_nmap(home: Path, server: Server) -> Done:
    """List the cipher suites that the server takes, each with nmap's mark for its strength."""
    is_stls = server.tls is Tls.STLS
    return run(
        [
            *(find("nmap"), "--unprivileged", "-n", "-sT", "-Pn", "-p", str(server.port)),
            *(["-sV"] if is_stls else []),  # so that it knows POP3, and says STLS
            *("--script", "+ssl-enum-ciphers", server.host),
        ],
        env=environment(home),
        deadline=3 * MINUTES,
    )


def run_testssl(home: Path, server: Server) -> Sequence[dict[str, str]]:
    """Return all that testssl.sh finds, each with `id`, `severity` and `finding`."""
    found = home / "testssl.json"
    done = run(
        [
            *(find("testssl"), "--quiet", "--warnings", "off", "--color", "0"),
            *("--nodns", "none", "--openssl", find("openssl")),
            *("--add-ca", str(server.authority), "--jsonfile", str(found)),
            *(["--starttls", "pop3"] if server.tls is Tls.STLS else []),
            f"{server.host}:{server.port}",
        ],
        env=environment(home),
        deadline=10 * MINUTES,
    )
    rows: list[dict[str, str]] = json.loads(found.read_text("utf-8"))

    assert rows, done.out

    return rows
