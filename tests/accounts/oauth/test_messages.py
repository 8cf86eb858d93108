"""What an authorization server may answer, and what is made of it."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pillarbox.accounts.oauth.faults import PendingFault, RefusedFault, UnusableFault
from pillarbox.accounts.oauth.grant import Client
from pillarbox.accounts.oauth.messages import LONGEST_SECONDS, read_device, read_tokens
from pillarbox.base.secret import Secret
from pillarbox.net.post_form import WebAnswer

CLIENT = Client("id", "https://id.example.org/token", "mail offline_access", "XOAUTH2")
OLD = Secret(b"old")
TOKENS = {"access_token": "new", "token_type": "Bearer", "expires_in": 60}
DEVICE = {"device_code": "d", "user_code": "ABCD", "verification_uri": "https://example.org/d"}


def answered(said: object, status: int = 200) -> WebAnswer:
    return WebAnswer(status, json.dumps(said).encode())


@given(
    st.binary()
    | st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
        lambda inner: (
            st.lists(inner)
            | st.dictionaries(
                st.sampled_from([*TOKENS, *DEVICE, "error", "interval", "refresh_token"]), inner
            )
        ),
    ).map(lambda said: json.dumps(said).encode()),
    st.integers(100, 599),
)
def test_any_answer_is_tokens_or_a_fault_with_a_name(octets: bytes, status: int) -> None:
    for read in (lambda it: read_tokens(CLIENT, it, 0, OLD), lambda it: read_device(CLIENT, it)):
        try:
            read(WebAnswer(status, octets))
        except (PendingFault, RefusedFault, UnusableFault):
            continue


def test_a_new_refresh_token_takes_the_place_of_the_old_one() -> None:
    grant = read_tokens(CLIENT, answered({**TOKENS, "refresh_token": "next"}), 1_000, OLD)

    assert Secret(b"next") == grant.refresh_token
    assert 1_060 == grant.expires_at


def test_where_none_comes_the_old_one_goes_on() -> None:
    assert OLD == read_tokens(CLIENT, answered(TOKENS), 1_000, OLD).refresh_token


def test_what_is_asked_for_next_time_is_what_was_asked_for() -> None:
    said = answered({**TOKENS, "scope": "mail"})  # Microsoft leaves out offline_access

    assert CLIENT == read_tokens(CLIENT, said, 0, OLD).client


@pytest.mark.parametrize("value", ["3600", 3600, 3600.5])
def test_seconds_may_be_a_text(value: object) -> None:
    said = answered({**TOKENS, "expires_in": value})

    assert 3_600 == read_tokens(CLIENT, said, 0, OLD).expires_at


@pytest.mark.parametrize("value", [None, 0, -1])
def test_a_server_that_does_not_say_how_long_is_taken_at_its_word(value: object) -> None:
    said = answered({**TOKENS, "expires_in": value})

    assert read_tokens(CLIENT, said, 0, OLD).expires_at is None


def test_no_token_holds_longer_than_any_clock() -> None:
    said = answered({**TOKENS, "expires_in": 10**30})

    assert LONGEST_SECONDS == read_tokens(CLIENT, said, 0, OLD).expires_at


@pytest.mark.parametrize("value", ["1e999", "-1e999", "NaN", "[1]", "{}", '"abc"', "1" + "0" * 400])
def test_a_time_that_is_none_loses_no_token(value: str) -> None:
    said = f'{{"access_token": "new", "refresh_token": "next", "expires_in": {value}}}'

    grant = read_tokens(CLIENT, WebAnswer(200, said.encode()), 0, OLD)

    assert (None, Secret(b"next")) == (grant.expires_at, grant.refresh_token)


def test_half_a_character_is_no_token() -> None:
    half = "\ud800"

    with pytest.raises(UnusableFault):
        read_tokens(CLIENT, answered({**TOKENS, "access_token": half}), 0, OLD)
    with pytest.raises(UnusableFault):
        read_device(CLIENT, answered({**DEVICE, "device_code": half}))

    renewed = read_tokens(CLIENT, answered({**TOKENS, "refresh_token": half}), 0, OLD)

    assert OLD == renewed.refresh_token


@pytest.mark.parametrize("status", [200, 400, 401, 403])
def test_an_error_is_final_whatever_its_status(status: int) -> None:
    with pytest.raises(RefusedFault) as refused:
        read_tokens(CLIENT, answered({"error": "invalid_grant"}, status), 0, OLD)

    assert "invalid_grant" == refused.value.error
    assert "id.example.org refuses: invalid_grant." == str(refused.value)


@pytest.mark.parametrize(
    ("error", "status"),
    [
        ("temporarily_unavailable", 400),
        ("server_error", 400),
        ("invalid_grant", 500),
        ("invalid_grant", 503),
        ("rate_limited", 429),
        (None, 400),
        (None, 302),
    ],
)
def test_these_may_be_otherwise_later(error: str | None, status: int) -> None:
    with pytest.raises(UnusableFault):
        read_tokens(CLIENT, answered({"error": error}, status), 0, OLD)


@pytest.mark.parametrize("error", ["canary TOKEN", "Canary", 7, ["canary"], "c" * 41])
def test_an_error_that_is_no_code_is_not_repeated(error: object) -> None:
    said = answered({"error": error, "error_description": "canary"}, 400)

    with pytest.raises(RefusedFault) as refused:
        read_tokens(CLIENT, said, 0, OLD)

    assert "unknown_error" == refused.value.error


@pytest.mark.parametrize(
    "said", [{}, [], "x", {"access_token": ""}, {"access_token": "a b"}, {"access_token": 5}]
)
def test_what_has_no_token_is_of_no_use(said: object) -> None:
    with pytest.raises(UnusableFault):
        read_tokens(CLIENT, answered(said), 0, OLD)


@pytest.mark.parametrize(
    "wrong",
    [
        {"device_code": 5},
        {"user_code": "A\x1b[2J"},
        {"user_code": "A" * 65},
        {"user_code": None},
        {"verification_uri": "javascript:alert(1)"},
        {"verification_uri": "https://example.org/\x1b[2J"},
        {"verification_uri": None},
    ],
)
def test_what_cannot_be_shown_is_of_no_use(wrong: dict[str, object]) -> None:
    with pytest.raises(UnusableFault):
        read_device(CLIENT, answered({**DEVICE, **wrong}))


def test_a_device_has_ten_minutes_and_asks_every_five_seconds_where_nothing_is_said() -> None:
    device = read_device(CLIENT, answered(DEVICE))

    assert (600, 5, None) == (
        device.expires_seconds,
        device.interval_seconds,
        device.verification_uri_complete,
    )


def test_the_older_name_of_the_address_is_known() -> None:
    said = {name: value for name, value in DEVICE.items() if name != "verification_uri"}

    device = read_device(CLIENT, answered({**said, "verification_url": "https://example.org/d"}))

    assert "https://example.org/d" == device.verification_uri


def test_the_address_with_the_code_in_it_is_known() -> None:
    place = "https://example.org/d?user_code=ABCD"

    device = read_device(CLIENT, answered({**DEVICE, "verification_uri_complete": place}))

    assert place == device.verification_uri_complete


def test_nothing_that_is_shown_has_an_answer_in_it() -> None:
    assert "canary" not in repr(WebAnswer(200, b"canary"))
