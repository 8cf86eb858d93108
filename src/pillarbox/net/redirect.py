"""Where a browser comes back to: one request, on loopback alone. RFC 8252, section 7.3. Blocking.

The request holds a code, so nothing of it is logged. Every page in the browser and everybody on
this machine can ask too: who does not bring the state of this attempt is not heard. A browser may
ask for other things as well, and open connections that it never uses; neither keeps the one
request waiting.
"""

from contextlib import suppress
from hmac import compare_digest
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from queue import Empty, Full, Queue
from threading import Thread
from types import TracebackType
from typing import Self
from urllib.parse import parse_qs

from pillarbox.base.errors import OperatorFault, PeerFault
from pillarbox.base.secret import Secret

ADDRESS = "127.0.0.1"
NAMES = {ADDRESS, "localhost"}  # RFC 8252, section 8.3
FIELDS = 32  # in a query; the browser brings five or so
LINE_SECONDS = 5.0  # for one request of a browser that is on this machine


class NobodyCameFault(PeerFault):
    """The browser did not come back in time."""


class Redirect:
    """Listens from when it is made until its context ends; raises OperatorFault where it cannot.

    `state` is what the browser must bring (RFC 6749, section 10.12). `port` 0 takes any that is
    free. The browser is shown `text`, which is no HTML.
    """

    def __init__(self, text: str, state: Secret, port: int = 0) -> None:
        self._targets: Queue[Secret] = Queue(maxsize=1)
        try:
            self._server = _Server((ADDRESS, port), _handler(self._targets, text, state))
        except OSError as error:
            raise OperatorFault(
                "{address} cannot be listened on: {why}.",
                address=f"{ADDRESS}:{port}",
                why=error.strerror,
            ) from error
        self.port: int = self._server.server_address[1]
        self._thread = Thread(target=self._server.serve_forever, args=(0.1,), daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def take(self, seconds: float) -> Secret:
        """Return the target of the first request with the state, which is a secret.

        Raises NobodyCameFault.
        """
        try:
            return self._targets.get(timeout=seconds)
        except Empty:
            raise NobodyCameFault(
                "Nobody came back from the browser within {seconds:g} seconds.", seconds=seconds
            ) from None


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False  # a connection that is never used may stay open

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing: a browser that hangs up is no news."""


def _has(query: str, state: Secret) -> bool:
    """Say whether a query has the state once; how long it takes tells nothing of it."""
    try:
        said = parse_qs(query, max_num_fields=FIELDS, errors="replace").get("state", [])
    except ValueError:
        return False
    return len(said) == 1 and compare_digest(said[0].encode("utf-8"), state.reveal())


def _handler(targets: Queue[Secret], text: str, state: Secret) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        timeout = LINE_SECONDS

        def do_GET(self) -> None:
            path, _, query = self.path.partition("?")
            if path != "/" or not self._is_ours(query) or targets.full():
                self._answer(HTTPStatus.NOT_FOUND, b"")
                return
            self._answer(HTTPStatus.OK, text.encode("utf-8"))
            with suppress(Full):  # it came twice at once
                targets.put_nowait(Secret(self.path.encode("ascii")))

        def _is_ours(self, query: str) -> bool:
            # A name that DNS leads here makes no page ours.
            host = (self.headers.get("Host") or "").partition(":")[0]
            return host in NAMES and self.path.isascii() and _has(query, state)

        def _answer(self, status: HTTPStatus, body: bytes) -> None:
            self.close_connection = True
            self.send_response(status)
            self.send_header("Content-Type", "text/plain; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.send_header("Cache-Control", "no-store")
            self.send_header("Referrer-Policy", "no-referrer")  # the address has the code in it
            self.send_header("Connection", "close")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing: what is asked for has the code in it."""

    return Handler
