"""A name server on loopback, which answers as it is told."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import dns.flags
import dns.message
import dns.rcode
import dns.resolver
import dns.rrset


@dataclass
class NameServer:
    """What it knows: for a name, the texts of its SRV records. Other names are not there."""

    records: dict[str, list[str]] = field(default_factory=dict)
    is_silent: bool = False
    rcode: dns.rcode.Rcode | None = None
    asked: list[str] = field(default_factory=list)
    port: int = 0

    def resolver(self) -> dns.resolver.Resolver:
        """Return a resolver that asks here and nowhere else."""
        resolver = dns.resolver.Resolver(configure=False)
        resolver.nameservers = ["127.0.0.1"]
        resolver.port = self.port
        return resolver

    def reply(self, octets: bytes) -> bytes:
        query = dns.message.from_wire(octets)
        [question] = query.question
        name = question.name.to_text(omit_final_dot=True)
        self.asked.append(name)
        response = dns.message.make_response(query)
        response.flags |= dns.flags.RA
        if self.rcode is not None:
            response.set_rcode(self.rcode)
        elif name not in self.records:
            response.set_rcode(dns.rcode.NXDOMAIN)
        elif self.records[name]:
            response.answer.append(
                dns.rrset.from_text_list(question.name, 60, "IN", "SRV", self.records[name])
            )
        return response.to_wire()


@contextmanager
def answering(records: dict[str, list[str]] | None = None) -> Iterator[NameServer]:
    """Answer on a free port of loopback."""
    server = NameServer(records or {})
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as bound:
        bound.bind(("127.0.0.1", 0))
        server.port = bound.getsockname()[1]

        def answer() -> None:
            while True:
                octets, peer = bound.recvfrom(4096)
                if not octets:
                    return
                if not server.is_silent:
                    bound.sendto(server.reply(octets), peer)

        thread = threading.Thread(target=answer)
        thread.start()
        try:
            yield server
        finally:
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as ending:
                ending.sendto(b"", ("127.0.0.1", server.port))
            thread.join()
