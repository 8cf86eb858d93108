"""What is announced before and after login: RFC 2449, section 5; RFC 5034, section 3."""

import pytest

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
