"""Tokens of remotes: renewed by one caller at a time, kept before the old are forgotten, ended."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from pillarbox.accounts.accounts import Accounts
from pillarbox.accounts.oauth.faults import NotAuthorisedFault, TokensUnavailableFault
from pillarbox.accounts.oauth.flows import Network, Post, by_device
from pillarbox.accounts.oauth.grant import NOT_YET, Client, Grant, read_grant, write_grant
from pillarbox.accounts.oauth.kept import Grants
from pillarbox.accounts.remote_settings import RemoteSettings, SecretKind
from pillarbox.accounts.remotes import ChangedFault, Remote, Remotes
from pillarbox.accounts.secret_store import SecretStore
from pillarbox.app.turns import Turns
from pillarbox.base.clock import FakeClock
from pillarbox.base.errors import OperatorFault, StoreFault
from pillarbox.base.secret import Secret
from pillarbox.db.sqlite import Database
from pillarbox.journal.alerts import Alerts
from pillarbox.net.post_form import WebAnswer, post_body
from tests.peers.authorization_server import State


@pytest.fixture
def remote(remotes: Remotes, accounts: Accounts) -> Remote:
    account = accounts.add("mrose").id
    settings = RemoteSettings(account, "pop.example.org", 995, "mrose")
    return remotes.add("work", replace(settings, secret_kind=SecretKind.OAUTH), NOT_YET)


@pytest.fixture
def turns(tmp_path: Path) -> Turns:
    return Turns(tmp_path / "turns")


@pytest.fixture
def grants(remotes: Remotes, clock: FakeClock, turns: Turns) -> Grants:
    return Grants(remotes, clock, turns)


@pytest.fixture
def granted(
    remotes: Remotes, remote: Remote, client: Client, there: State, network: Network
) -> Grant:
    grant = by_device(
        client, network, lambda device: there.decided.update({device.user_code: True})
    )
    remotes.keep_secret(remote, write_grant(grant))
    return grant


def kept(remotes: Remotes, remote: Remote) -> Grant:
    grant = read_grant(remotes.password(remote))
    assert grant is not None
    return grant


def newest(there: State) -> Secret:
    return Secret(there.issued[-1].access_token.encode())


def test_before_somebody_authorises_there_is_no_token(grants: Grants, remote: Remote) -> None:
    with pytest.raises(NotAuthorisedFault, match="pillarbox remote authorize work"):
        grants.token(remote)


def test_a_fresh_token_is_used_as_it_is(
    grants: Grants, remote: Remote, granted: Grant, there: State
) -> None:
    assert granted.access_token == grants.token(remote)
    assert "refresh_token" not in there.grants


def test_one_that_runs_out_is_renewed_and_both_tokens_are_kept(
    *,
    grants: Grants,
    remotes: Remotes,
    remote: Remote,
    granted: Grant,
    there: State,
    clock: FakeClock,
) -> None:
    clock.advance(3_600)

    token = grants.token(remote)

    assert newest(there) == token
    assert token == kept(remotes, remote).access_token
    assert granted.refresh_token != kept(remotes, remote).refresh_token
    assert [True, False] == [each.is_used for each in there.issued]


def test_many_at_once_ask_once_and_all_get_the_new_token(
    grants: Grants, remote: Remote, granted: Grant, there: State, clock: FakeClock
) -> None:
    clock.advance(3_600)
    tokens: list[Secret] = []
    threads = [
        threading.Thread(target=lambda: tokens.append(grants.token(remote))) for _ in range(8)
    ]

    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert [newest(there)] * 8 == tokens
    assert 1 == there.grants.count("refresh_token")


def test_nobody_else_has_a_turn_before_the_new_token_is_kept(
    remotes: Remotes, remote: Remote, granted: Grant, there: State, clock: FakeClock
) -> None:
    at_the_end: list[Grant] = []

    @contextmanager
    def turn(of: Remote) -> Iterator[None]:
        yield
        at_the_end.append(kept(remotes, of))

    clock.advance(3_600)

    Grants(remotes, clock, turn).token(remote)

    assert [newest(there)] == [grant.access_token for grant in at_the_end]


def test_a_token_that_the_remote_refuses_is_renewed_before_its_time(
    grants: Grants, remote: Remote, granted: Grant, there: State
) -> None:
    assert newest(there) == granted.access_token

    token = grants.token_after(remote, granted.access_token)

    assert newest(there) == token != granted.access_token


def test_where_somebody_renewed_it_meanwhile_that_token_is_the_other(
    grants: Grants, remote: Remote, granted: Grant, there: State
) -> None:
    renewed = grants.token_after(remote, granted.access_token)

    assert renewed == grants.token_after(remote, granted.access_token)
    assert 1 == there.grants.count("refresh_token")


def test_what_nothing_renews_has_no_other(
    grants: Grants, remotes: Remotes, remote: Remote, granted: Grant
) -> None:
    remotes.keep_secret(remote, write_grant(replace(granted, refresh_token=None)))

    assert grants.token_after(remote, granted.access_token) is None


def test_what_nothing_renews_ends(
    grants: Grants, remotes: Remotes, remote: Remote, granted: Grant, clock: FakeClock
) -> None:
    remotes.keep_secret(remote, write_grant(replace(granted, refresh_token=None)))
    clock.advance(3_600)

    with pytest.raises(NotAuthorisedFault, match="no_refresh_token"):
        grants.token(remote)


def test_what_is_taken_back_is_told_once_and_not_asked_for_again(
    *,
    grants: Grants,
    remote: Remote,
    granted: Grant,
    there: State,
    clock: FakeClock,
    database: Database,
) -> None:
    clock.advance(3_600)
    there.revoke()

    for _ in range(2):
        with pytest.raises(NotAuthorisedFault, match=r"has ended \(invalid_grant\)"):
            grants.token(remote)

    assert 1 == there.grants.count("refresh_token")
    [alert] = Alerts(database, clock).list()
    assert ("authorisation-ended", "mrose") == (alert.kind, alert.name)
    assert {"remote": "work", "why": "invalid_grant"} == alert.facts


@pytest.mark.parametrize(
    "post",
    [
        lambda _url, _form: WebAnswer(503, b""),
        lambda _url, _form: WebAnswer(400, b'{"error":"authorization_pending"}'),
        lambda _url, form: post_body("http://127.0.0.1:1/", form),
    ],
    ids=["busy", "odd", "nobody there"],
)
def test_what_fails_for_now_ends_nothing(
    *,
    remotes: Remotes,
    remote: Remote,
    granted: Grant,
    turns: Turns,
    clock: FakeClock,
    database: Database,
    post: Callable[[str, Secret], WebAnswer],
) -> None:
    clock.advance(3_600)

    with pytest.raises(TokensUnavailableFault, match="'work' cannot be renewed now") as caught:
        Grants(remotes, clock, turns, post).token(remote)

    assert caught.value.retry
    assert granted == kept(remotes, remote)
    assert [] == list(Alerts(database, clock).list())


def test_no_token_goes_where_others_read_it(
    grants: Grants, remotes: Remotes, remote: Remote, granted: Grant, clock: FakeClock
) -> None:
    client = replace(granted.client, token_endpoint="http://id.example.org/token")
    remotes.keep_secret(remote, write_grant(replace(granted, client=client)))
    clock.advance(3_600)

    with pytest.raises(OperatorFault, match="no https address"):
        grants.token(remote)


def test_tokens_are_renewed_under_another_master_key(
    *,
    grants: Grants,
    remote: Remote,
    granted: Grant,
    there: State,
    clock: FakeClock,
    secret_store: SecretStore,
) -> None:
    secret_store.rotate()
    clock.advance(3_600)

    renewed = grants.token(remote)
    secret_store.rotate()

    assert newest(there) == renewed == grants.token(remote)


def edited_meanwhile(remotes: Remotes, answer: WebAnswer | None) -> Post:
    """Post as ever, or answer so, but not before somebody has set a password instead."""

    def post(url: str, form: Secret) -> WebAnswer:
        remotes.edit(
            "work", lambda now: replace(now, secret_kind=SecretKind.SEALED), Secret(b"a password")
        )
        return answer or post_body(url, form)

    return post


@pytest.mark.parametrize(
    "answer", [None, WebAnswer(400, b'{"error":"invalid_grant"}')], ids=["granted", "refused"]
)
def test_a_password_that_somebody_sets_meanwhile_stays(
    *,
    remotes: Remotes,
    remote: Remote,
    granted: Grant,
    turns: Turns,
    clock: FakeClock,
    database: Database,
    answer: WebAnswer | None,
) -> None:
    clock.advance(3_600)

    with pytest.raises(ChangedFault, match="changed meanwhile"):
        Grants(remotes, clock, turns, edited_meanwhile(remotes, answer)).token(remote)

    assert Secret(b"a password") == remotes.password(remotes.show("work"))
    assert [] == list(Alerts(database, clock).list())


def test_a_token_is_not_spent_where_the_next_cannot_be_kept(
    *,
    grants: Grants,
    remotes: Remotes,
    remote: Remote,
    granted: Grant,
    there: State,
    clock: FakeClock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clock.advance(3_600)
    with monkeypatch.context() as full:
        full.setattr(Database, "write", refuse)
        with pytest.raises(StoreFault, match="disk full"):
            grants.token(remote)

    assert "refresh_token" not in there.grants
    assert granted == kept(remotes, remote)


def refuse(*_: object) -> None:
    raise StoreFault("disk full")
