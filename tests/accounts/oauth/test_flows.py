"""Both flows against authlib's authorization server: RFC 8628, RFC 8252, RFC 7636."""

from collections.abc import Callable
from dataclasses import replace
from http.client import HTTPConnection
from urllib.parse import parse_qs, urlsplit

import pytest

from pillarbox.accounts.oauth.faults import NotAuthorisedFault, RefusedFault, UnusableFault
from pillarbox.accounts.oauth.flows import Network, by_browser, by_device, new_attempt, new_state
from pillarbox.accounts.oauth.grant import Client
from pillarbox.accounts.oauth.messages import Attempt, Device, authorization_url, new_verifier
from pillarbox.base.clock import FakeClock
from pillarbox.base.errors import OperatorFault
from pillarbox.base.secret import Secret
from pillarbox.net.post_form import NoAnswerFault, WebAnswer, post_body
from tests.accounts.oauth.conftest import Waits
from tests.peers.authorization_server import Client as Registered
from tests.peers.authorization_server import State

REDIRECT = "http://127.0.0.1:1/"


def decide(there: State, *, agreed: bool = True) -> Callable[[Device], None]:
    def show(device: Device) -> None:
        there.decided[device.user_code] = agreed

    return show


def ignore(device: Device) -> None:
    """Be told a code, and do nothing."""


# A code that is typed elsewhere


def test_a_device_is_granted_tokens_once_somebody_agrees(
    client: Client, there: State, network: Network, waits: Waits
) -> None:
    grant = by_device(client, network, decide(there))

    [issued] = there.issued
    assert Secret(issued.access_token.encode()) == grant.access_token
    assert Secret((issued.refresh_token or "").encode()) == grant.refresh_token
    assert int(waits.clock.now()) + 3_600 == grant.expires_at
    assert [1] == waits.seconds


def test_until_somebody_decides_it_asks_at_the_servers_interval(
    client: Client, there: State, clock: FakeClock
) -> None:
    seconds: list[float] = []
    codes: list[str] = []

    def wait(some: float) -> None:
        seconds.append(some)
        clock.advance(some)
        if len(seconds) == 3:
            there.decided[codes[0]] = True

    by_device(client, Network(clock, wait), lambda device: codes.append(device.user_code))

    assert [1, 1, 1] == seconds


def test_each_slow_down_adds_five_seconds(client: Client, there: State, clock: FakeClock) -> None:
    there.is_slow_down = True
    seconds: list[float] = []
    codes: list[str] = []

    def wait(some: float) -> None:
        seconds.append(some)
        if len(seconds) == 3:
            there.decided[codes[0]] = True

    by_device(client, Network(clock, wait), lambda device: codes.append(device.user_code))

    assert [1, 6, 11] == seconds


def test_who_says_no_ends_it(client: Client, there: State, network: Network) -> None:
    with pytest.raises(RefusedFault, match=r"127\.0\.0\.1 refuses: access_denied\."):
        by_device(client, network, decide(there, agreed=False))


def test_nobody_is_waited_for_longer_than_the_code_holds(
    client: Client, network: Network, waits: Waits
) -> None:
    with pytest.raises(RefusedFault, match="expired_token"):
        by_device(client, network, ignore)

    assert 1_800 == sum(waits.seconds)


def test_a_server_that_fails_meanwhile_is_asked_less_and_less_often(
    client: Client, there: State, clock: FakeClock
) -> None:
    seconds: list[float] = []
    codes: list[str] = []

    def wait(some: float) -> None:
        seconds.append(some)
        there.is_failing = len(seconds) < 3
        there.decided[codes[0]] = True

    by_device(client, Network(clock, wait), lambda device: codes.append(device.user_code))

    assert [1, 2, 4] == seconds


def test_a_server_without_codes_is_asked_for_none(client: Client, network: Network) -> None:
    with pytest.raises(OperatorFault, match="no device codes"):
        by_device(replace(client, device_endpoint=None), network, ignore)


def test_no_secret_goes_where_others_read_it(
    client: Client, there: State, network: Network
) -> None:
    with pytest.raises(OperatorFault, match="is no https address"):
        by_device(replace(client, token_endpoint="http://id.example.org/"), network, ignore)

    assert [] == there.asked


def test_an_unknown_application_is_refused(client: Client, network: Network) -> None:
    with pytest.raises(RefusedFault, match="invalid_client"):
        by_device(replace(client, client_id="another"), network, ignore)


def test_tokens_that_nothing_renews_are_not_taken(
    client: Client, there: State, clock: FakeClock, waits: Waits
) -> None:
    def post(url: str, form: Secret) -> WebAnswer:
        if url.endswith("/device"):
            return post_body(url, form)
        return WebAnswer(200, b'{"access_token":"t","token_type":"Bearer","expires_in":60}')

    with pytest.raises(NotAuthorisedFault, match="offline access"):
        by_device(client, Network(clock, waits, post), ignore)


# Through the browser


class Browser:
    """Follows the address as a person's browser would; `alter` is whoever sits in between."""

    def __init__(self, alter: Callable[[str], str] = str) -> None:
        self.alter = alter
        self.target = b""

    def show(self, url: str) -> None:
        parts = urlsplit(url)
        connection = HTTPConnection(parts.hostname or "", parts.port, timeout=20)
        connection.request("GET", f"{parts.path}?{parts.query}")
        place = connection.getresponse().getheader("Location") or ""
        connection.close()
        self.target = self.alter("/?" + urlsplit(place).query).encode()

    def take(self, seconds: float) -> Secret:
        return Secret(self.target)


def attempt(**more: str) -> Attempt:
    return new_attempt(REDIRECT, new_state(), more)


def test_the_browser_brings_a_code_that_becomes_tokens(
    client: Client, there: State, network: Network
) -> None:
    browser = Browser()

    grant = by_browser(client, network, attempt(prompt="consent"), browser, browser.show)

    assert there.issued[0].access_token.encode() == grant.access_token.reveal()
    asked = there.asked[0][1]
    assert ("S256", "consent") == (asked["code_challenge_method"], asked["prompt"])
    verifier = there.asked[1][1]["code_verifier"]
    assert verifier not in asked.values()
    assert 128 == len(verifier)


def test_a_secret_of_the_application_goes_in_the_form_and_not_in_the_address(
    client: Client, there: State, network: Network
) -> None:
    there.client = Registered("canary")
    browser = Browser()
    secret = replace(client, client_secret=Secret(b"canary"))

    by_browser(secret, network, attempt(), browser, browser.show)

    assert [False, True] == ["canary" in form.values() for _, form in there.asked]


@pytest.mark.parametrize("alter", [lambda _: "/?code=x&state=y", lambda _: "/?code=x"])
def test_a_code_of_another_attempt_is_not_taken(
    client: Client, there: State, network: Network, alter: Callable[[str], str]
) -> None:
    browser = Browser(alter)

    with pytest.raises(UnusableFault, match="not of this attempt"):
        by_browser(client, network, attempt(), browser, browser.show)
    assert [] == there.grants


def test_an_attempt_without_a_code_is_none(client: Client, network: Network) -> None:
    one = attempt()
    browser = Browser(lambda _: "/?state=" + one.state.reveal().decode())

    with pytest.raises(UnusableFault, match="not of this attempt"):
        by_browser(client, network, one, browser, browser.show)


def test_a_refusal_in_the_browser_is_told(client: Client, network: Network) -> None:
    one = attempt()
    state = one.state.reveal().decode()
    browser = Browser(lambda _: f"/?error=access_denied&state={state}")

    with pytest.raises(RefusedFault, match="access_denied"):
        by_browser(client, network, one, browser, browser.show)


def test_a_code_is_of_no_use_to_who_does_not_have_the_verifier(
    client: Client, network: Network
) -> None:
    one = attempt()
    browser = Browser()
    browser.show(authorization_url(client, replace(one, verifier=new_verifier())))

    with pytest.raises(RefusedFault, match="invalid_grant"):
        by_browser(client, network, one, browser, lambda _: None)


def test_without_an_authorization_endpoint_there_is_no_way_through_the_browser(
    client: Client, network: Network
) -> None:
    nowhere = replace(client, authorization_endpoint=None)

    with pytest.raises(OperatorFault, match="no https address"):
        by_browser(nowhere, network, attempt(), Browser(), lambda _: None)
    with pytest.raises(UnusableFault):
        authorization_url(nowhere, attempt())


def test_the_address_says_what_is_asked_for_and_no_secret(client: Client) -> None:
    one = attempt()

    url = authorization_url(client, one)

    said = parse_qs(urlsplit(url).query)
    assert url.startswith(client.authorization_endpoint or "")
    assert {"code"} == set(said["response_type"])
    assert [REDIRECT] == said["redirect_uri"]
    assert one.verifier.reveal().decode() not in url


def test_nobody_there_is_no_answer(client: Client, network: Network) -> None:
    gone = replace(client, device_endpoint="http://127.0.0.1:1/device")

    with pytest.raises(NoAnswerFault):
        by_device(gone, network, ignore)
