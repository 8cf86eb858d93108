"""What is announced before and after login: RFC 2449, section 5; RFC 5034, section 3."""

from typing import Any

import pytest

from pillarbox.wire.pop3.capa import Offer, Terms
from pillarbox.wire.pop3.capa import capabilities as announced
from tests.rfc.session import AUTH_PLAIN, LOGIN, ask, begin, capabilities


@pytest.mark.parametrize("login", [LOGIN, AUTH_PLAIN])
@pytest.mark.parametrize("flag", ["secure", "plaintext allowed"])
def test_what_is_announced_before_login_is_announced_after_it(login: bytes, flag: str) -> None:
    core = begin(flag, retention_days=30, login_delay_seconds=60, cram_md5=True, apop=True)
    before = capabilities(core)

    assert ask(core, login)[-1] == b"+OK 2 messages"
    assert before == capabilities(core)


def test_sasl_stays_announced_after_auth() -> None:
    core = begin()
    before = capabilities(core)[b"SASL"]

    assert ask(core, AUTH_PLAIN) == [b"+OK 2 messages"]
    assert before == capabilities(core)[b"SASL"]


@pytest.mark.parametrize(("days", "line"), [(0, b"EXPIRE NEVER"), (30, b"EXPIRE 30")])
def test_expire_says_how_long_mail_may_stay(days: int, line: bytes) -> None:
    core = begin(retention_days=days)
    before = capabilities(core)[b"EXPIRE"]
    ask(core, LOGIN)

    assert [line, line] == [before, capabilities(core)[b"EXPIRE"]]


@pytest.mark.parametrize("seconds", [0, 900])
def test_login_delay_says_the_delay_of_the_site(seconds: int) -> None:
    core = begin(login_delay_seconds=seconds)
    before = capabilities(core)[b"LOGIN-DELAY"]
    ask(core, LOGIN)

    assert [b"LOGIN-DELAY %d" % seconds] * 2 == [before, capabilities(core)[b"LOGIN-DELAY"]]


@pytest.mark.parametrize(
    ("site", "lines"),
    [
        ({"retention_differs": True, "login_delay_differs": True}, [b"USER", b"USER"]),
        ({"retention_differs": True}, [b"USER", b"900"]),
        ({"login_delay_differs": True}, [b"7", b"USER"]),
    ],
)
def test_terms_that_differ_by_user_have_user_behind_them_before_login_alone(
    site: dict[str, Any], lines: list[bytes]
) -> None:
    core = begin(retention_days=7, login_delay_seconds=900, **site)
    before = capabilities(core)
    ask(core, LOGIN)
    after = capabilities(core)

    assert lines == [before[tag].split()[-1] for tag in (b"EXPIRE", b"LOGIN-DELAY")]
    assert [b"7", b"900"] == [before[tag].split()[1] for tag in (b"EXPIRE", b"LOGIN-DELAY")]
    assert [b"EXPIRE 7", b"LOGIN-DELAY 900"] == [after[b"EXPIRE"], after[b"LOGIN-DELAY"]]


def test_what_may_be_removed_at_once_is_announced_with_expire_0() -> None:
    offered = Offer(
        stls=False, passwords=False, mechanisms=(), terms=Terms(0), implementation="Pillarbox"
    )

    assert "EXPIRE 0" in announced(offered)
