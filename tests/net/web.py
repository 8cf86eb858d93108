"""A web server in a thread, which notes what it is asked and answers with given octets."""

import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import BinaryIO, cast

Answer = Callable[[BinaryIO], object]


@dataclass
class Asked:
    """One request."""

    command: str
    target: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Web:
    """Answers every request as it is told; `over` is set when the test ends."""

    host: str = "127.0.0.1"
    port: int = 0
    answer: Answer = lambda _: None
    asked: list[Asked] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)

    def url(self, target: str = "/introspect", scheme: str = "http") -> str:
        return f"{scheme}://{self.host}:{self.port}{target}"

    def say(self, body: bytes, status: str = "200 OK", *headers: str) -> None:
        """Answer with this from now on."""
        lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers, "", ""]
        self.say_octets("\r\n".join(lines).encode("ascii") + body)

    def say_octets(self, octets: bytes) -> None:
        """Answer with octets that may be no HTTP at all."""
        self.answer = lambda out: out.write(octets)


@contextmanager
def serving(certificate: Path | None = None, host: str = "127.0.0.1") -> Iterator[Web]:
    """Serve on a free port of loopback; over TLS where there is a certificate, with its key."""
    web = Web(host)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
            web.asked.append(Asked(self.command, self.path, dict(self.headers), body))
            self.close_connection = True
            try:
                web.answer(cast("BinaryIO", self.wfile))
            except OSError:
                return  # the client has gone, as some tests want

        def do_GET(self) -> None:
            self.do_POST()  # how a redirect would be followed

        def log_message(self, *_: object) -> None:
            return

    class Server(ThreadingHTTPServer):
        daemon_threads = False

        def handle_error(self, *_: object) -> None:
            return  # a handshake that the client gave up

    server = Server((host, 0), Handler)
    if certificate is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    web.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield web
    finally:
        web.over.set()
        server.shutdown()
        thread.join()
        server.server_close()
