"""A form or JSON posted to a web server, and what it answers. Blocking: for a thread of a pool.

Form, header and URL hold secrets, so no redirect is followed, no proxy is asked, and no fault
quotes what was sent or what came back.
"""

import base64
import ssl
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from re import fullmatch
from urllib.parse import SplitResult, quote_plus, urlencode, urlsplit

from pillarbox.base.errors import PeerFault
from pillarbox.base.secret import Secret
from pillarbox.net.cut_after import cut_after
from pillarbox.net.loopback import is_loopback

ANSWER_OCTETS = 65_536  # a hundred times what RFC 7662 shows
SECONDS = 10.0  # a client that logs in waits for it
OK = 200
FORM_HEADERS = {
    "Accept": "application/json",
    "Content-Type": "application/x-www-form-urlencoded",
}
GOOD = 2  # hundreds: RFC 9110, section 15.3


class NoAnswerFault(PeerFault):
    """The web server gave no answer that can be used."""


@dataclass(frozen=True, slots=True)
class FormServer:
    """Where forms go, and who we are there; a URL that `is_safe_url`."""

    url: str
    client_id: str
    client_secret: Secret
    seconds: float = SECONDS  # to the end of the answer, from when there is a connection


@dataclass(frozen=True, slots=True)
class WebAnswer:
    """What a web server answered."""

    status: int
    octets: bytes = field(repr=False)  # tokens may be in it


def is_safe_url(url: str) -> bool:
    """Say whether a secret may go there: https, or http that does not leave this machine."""
    if not fullmatch("[!-~]+", url):
        return False
    try:
        parts = urlsplit(url)
        host = (parts.hostname or "").encode("idna").decode("ascii")
        is_odd = parts.port == 0 or "@" in parts.netloc or "#" in url
    except ValueError:
        return False
    is_protected = parts.scheme == "https" or (parts.scheme == "http" and is_loopback(host))
    return bool(host) and is_protected and not is_odd


def post_form(server: FormServer, fields: Mapping[str, bytes]) -> bytes:
    """Return what is answered with status 200, at most ANSWER_OCTETS; raises NoAnswerFault."""
    url = urlsplit(server.url)
    with _answered(url, urlencode(fields).encode("ascii"), _headers(server), server.seconds) as got:
        return _read(got, url)


def post_json(url: Secret, text: bytes, seconds: float = SECONDS) -> None:
    """Post JSON where a URL leads that `is_safe_url` and may hold a secret; raises NoAnswerFault.

    Any status from 200 to 299 will do; what else is answered is not read.
    """
    parts = urlsplit(url.reveal().decode("ascii"))
    with _answered(parts, text, {"Content-Type": "application/json"}, seconds) as response:
        if response.status // 100 != GOOD:
            raise _no_answer(parts, f"HTTP status {response.status}")


def post_body(url: str, form: Secret, seconds: float = SECONDS) -> WebAnswer:
    """Post a form that is written already where a URL leads that `is_safe_url`.

    Any status is an answer; raises NoAnswerFault where there is none, or one that is too long.
    """
    parts = urlsplit(url)
    with _answered(parts, form.reveal(), dict(FORM_HEADERS), seconds) as response:
        return WebAnswer(response.status, _read(response, parts, any_status=True))


def host_of(url: str) -> str:
    """Return whom a URL names, to tell people; empty where it names nobody."""
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


@contextmanager
def _answered(
    url: SplitResult, body: bytes, headers: Mapping[str, str], seconds: float
) -> Iterator[HTTPResponse]:
    """Post, and give the answer; what goes wrong, inside the block too, is a NoAnswerFault."""
    try:
        with closing(_connection(url, seconds)) as connection:
            connection.connect()
            with cut_after(connection.sock, seconds):
                connection.request("POST", _target(url), body, dict(headers))
                with connection.getresponse() as response:
                    yield response
    except ssl.SSLCertVerificationError as error:
        # Not "from": an answer that is no HTTP would be quoted, and may echo what was sent.
        raise _no_answer(url, error.verify_message) from None
    except TimeoutError:
        raise _no_answer(url, f"no answer within {seconds:g} seconds") from None
    except OSError as error:
        raise _no_answer(url, error.strerror or type(error).__name__) from None
    except HTTPException as error:
        raise _no_answer(url, type(error).__name__) from None


def _connection(url: SplitResult, seconds: float) -> HTTPConnection:
    host = url.hostname or ""
    if url.scheme == "http":
        return HTTPConnection(host, url.port, timeout=seconds)
    # The system's authorities, the name and the dates are verified; there is no way around it.
    return HTTPSConnection(host, url.port, timeout=seconds, context=ssl.create_default_context())


def _target(url: SplitResult) -> str:
    return (url.path or "/") + (f"?{url.query}" if url.query else "")


def _headers(server: FormServer) -> dict[str, str]:
    # RFC 6749, section 2.3.1: both are encoded as a form's before they are put together.
    pair = f"{quote_plus(server.client_id)}:{quote_plus(server.client_secret.reveal())}"
    basic = "Basic " + base64.b64encode(pair.encode("ascii")).decode("ascii")
    return {**FORM_HEADERS, "Authorization": basic}


def _read(response: HTTPResponse, url: SplitResult, *, any_status: bool = False) -> bytes:
    if response.status != OK and not any_status:
        raise _no_answer(url, f"HTTP status {response.status}")
    octets = response.read(ANSWER_OCTETS + 1)
    if len(octets) > ANSWER_OCTETS:
        raise _no_answer(url, f"more than {ANSWER_OCTETS} octets")
    return octets


def _no_answer(url: SplitResult, why: str) -> NoAnswerFault:
    return NoAnswerFault("{host}: {why}.", host=url.hostname, why=why)
