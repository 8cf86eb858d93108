"""One connection, as everything that serves it knows it."""

import time

from pillarbox.base.names import SignIn
from pillarbox.net.stream import Stream
from pillarbox.server.chance import new_session_id
from pillarbox.server.ending import Ending
from pillarbox.server.limits import address_of
from pillarbox.server.peer import Peer
from pillarbox.server.services import Services
from pillarbox.server.timeline import Timeline


class Visit:
    """A client that came: its end of the connection, and what is noted of it."""

    def __init__(self, stream: Stream, services: Services, protocol: str) -> None:
        self.session = new_session_id()
        self.protocol = protocol
        self.services = services
        self.peer = Peer(stream, services.timers)
        self.timeline = Timeline(time.monotonic)
        self.ending = Ending()

    @property
    def source(self) -> str:
        """Where the client comes from: an address without a port, or a name."""
        return str(address_of(self.peer.address) or self.peer.address)

    def sign_in(self, mechanism: str = "") -> SignIn:
        """Return how somebody tries to come in now."""
        return SignIn(self.session, self.source, self.protocol, self.peer.tls, mechanism)

    def note(self, event: str, **fields: object) -> None:
        """Write an event of this client into the journal, without the fields that are None."""
        known = {name: value for name, value in fields.items() if value is not None}
        self.services.journal.note(event, peer=self.peer.address, **known)
