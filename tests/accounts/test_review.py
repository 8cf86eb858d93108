"""What a review finds: facts in, findings out; each with a command that mends it."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pillarbox.accounts.review import (
    DAY,
    FEW_RECOVERY_CODES,
    MENDS,
    NEVER_USED_DAYS,
    STALE_DAYS,
    UNUSED_DAYS,
    AccountFacts,
    DeviceFacts,
    Finding,
    Kind,
    Now,
    ScramState,
    findings,
    is_stale,
)

START = 1_800_000_000
NOW = Now(START + 1_000 * DAY, START)
TODAY = NOW.at

PHONE = DeviceFacts("phone", TODAY - 400 * DAY, TODAY)
MROSE = AccountFacts("mrose", TODAY - 400 * DAY, last_used_at=TODAY, devices=(PHONE,))

names = st.text("abcdefghijklmnopqrstuvwxyz0123456789._-@", min_size=1, max_size=8)
times = st.integers(START - 500 * DAY, TODAY + DAY)
devices = st.builds(DeviceFacts, names, times, st.none() | times, st.none() | times, st.booleans())
accounts = st.builds(
    AccountFacts,
    names,
    times,
    st.booleans(),
    st.none() | times,
    st.booleans(),
    st.sampled_from(ScramState),
    st.booleans(),
    st.integers(0, 10),
    st.booleans(),
    st.lists(devices, max_size=3, unique_by=lambda each: each.name).map(tuple),
    st.lists(names, max_size=2, unique=True).map(tuple),
)


def kinds(account: AccountFacts, now: Now = NOW) -> list[Kind]:
    return [each.kind for each in findings([account], now)]


def with_phone(phone: DeviceFacts) -> AccountFacts:
    return replace(MROSE, devices=(phone,))


def test_of_what_is_in_order_nothing_is_found() -> None:
    assert [] == kinds(MROSE)


OUT_OF_ORDER = [
    (replace(MROSE, has_second_factor=False), Kind.NO_SECOND_FACTOR),
    (replace(MROSE, recovery_codes=FEW_RECOVERY_CODES - 1), Kind.FEW_RECOVERY_CODES),
    (replace(MROSE, main_password_enters=True), Kind.MAIN_IS_OPEN),
    (replace(MROSE, hash_is_current=False), Kind.OLD_HASH),
    (
        replace(MROSE, devices=(), main_password_enters=True, scram=ScramState.OUTDATED),
        Kind.SCRAM_OUTDATED,
    ),
    (
        replace(MROSE, devices=(), main_password_enters=True, scram=ScramState.MISSING),
        Kind.SCRAM_MISSING,
    ),
    (replace(MROSE, is_enabled=False, remotes=("work",)), Kind.DISABLED_COLLECTS),
    (with_phone(replace(PHONE, expires_at=TODAY)), Kind.DEVICE_EXPIRED),
    (with_phone(replace(PHONE, last_used_at=None)), Kind.DEVICE_NEVER_USED),
    (with_phone(replace(PHONE, last_used_at=TODAY - UNUSED_DAYS * DAY)), Kind.DEVICE_UNUSED),
    (with_phone(replace(PHONE, has_legacy_digest=True)), Kind.LEGACY_DIGEST),
    (
        replace(MROSE, last_used_at=TODAY - STALE_DAYS * DAY, devices=()),
        Kind.ACCOUNT_STALE,
    ),
]


@pytest.mark.parametrize(("account", "kind"), OUT_OF_ORDER, ids=[kind for _, kind in OUT_OF_ORDER])
def test_each_thing_out_of_order_is_found_alone(account: AccountFacts, kind: Kind) -> None:
    assert [kind] == kinds(account)


def test_every_kind_is_tried_here_and_has_a_command() -> None:
    assert set(Kind) == {kind for _, kind in OUT_OF_ORDER} == set(MENDS)


def test_the_findings_say_of_whom_and_how_long() -> None:
    account = with_phone(replace(PHONE, last_used_at=TODAY - 100 * DAY))

    found = list(findings([replace(account, recovery_codes=0)], NOW))

    assert [
        Finding(Kind.FEW_RECOVERY_CODES, "mrose", left=0),
        Finding(Kind.DEVICE_UNUSED, "mrose", "phone", days=100),
    ] == found
    assert "pillarbox device revoke mrose phone" == found[1].command


@pytest.mark.parametrize(
    ("days", "found"), [(NEVER_USED_DAYS - 1, []), (NEVER_USED_DAYS, [Kind.DEVICE_NEVER_USED])]
)
def test_a_new_device_has_some_days_to_be_used(days: int, found: list[Kind]) -> None:
    phone = replace(PHONE, created_at=TODAY - days * DAY, last_used_at=None)

    assert found == kinds(with_phone(phone))


def test_nobody_is_blamed_for_what_came_before_uses_were_noted() -> None:
    account = replace(with_phone(replace(PHONE, last_used_at=None)), last_used_at=None)

    assert [] == kinds(account, Now(TODAY, TODAY - DAY))


def test_one_device_in_use_keeps_an_account_from_being_stale() -> None:
    assert [] == kinds(replace(MROSE, last_used_at=None))


def test_a_main_password_that_pop3_refuses_is_not_held_to_scram() -> None:
    assert [] == kinds(replace(MROSE, scram=ScramState.MISSING))


def test_a_main_password_without_devices_may_be_open() -> None:
    assert [] == kinds(replace(MROSE, devices=(), main_password_enters=True))


@given(st.lists(accounts, max_size=4))
def test_whatever_the_facts_are_findings_are_of_them_and_have_a_command(
    facts: list[AccountFacts],
) -> None:
    known = {account.name: account for account in facts}

    found = list(findings(facts, NOW))

    for each in found:
        assert each.account in known
        assert each.command.startswith("pillarbox ")
        assert "{" not in each.command
        assert "''" not in each.command
        assert each.days is None or each.days >= NEVER_USED_DAYS


@given(accounts)
def test_of_a_disabled_account_only_its_remotes_matter(account: AccountFacts) -> None:
    disabled = replace(account, is_enabled=False)

    assert [Kind.DISABLED_COLLECTS] * len(account.remotes) == kinds(disabled)


@given(accounts, st.integers(0, 400))
def test_what_nobody_uses_stays_found_as_time_goes_by(account: AccountFacts, days: int) -> None:
    later = replace(NOW, at=NOW.at + days * DAY)
    still = {Kind.ACCOUNT_STALE, Kind.DEVICE_EXPIRED, Kind.OLD_HASH} & set(kinds(account))

    assert still <= set(kinds(account, later))


@given(accounts)
def test_no_device_is_found_twice_nor_an_unused_one_of_a_stale_account(
    account: AccountFacts,
) -> None:
    found = list(findings([account], NOW))

    of_devices = [each.device for each in found if each.device is not None]
    assert len(set(of_devices)) == len(of_devices)
    unused = {Kind.DEVICE_UNUSED, Kind.DEVICE_NEVER_USED} & {each.kind for each in found}
    assert not (unused and is_stale(account, NOW))


@given(st.lists(accounts, max_size=4, unique_by=lambda each: each.name))
def test_accounts_come_in_their_order_and_the_weightiest_first(facts: list[AccountFacts]) -> None:
    found = list(findings(facts, NOW))

    order = [account.name for account in facts]
    places = [(order.index(each.account), list(Kind).index(each.kind)) for each in found]
    assert sorted(places) == places
