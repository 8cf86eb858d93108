"""Where everything of one Pillarbox lies."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Home:
    """The folder given by --home or PILLARBOX_HOME."""

    folder: Path

    @property
    def configuration(self) -> Path:
        """The file that people edit."""
        return self.folder / "pillarbox.toml"

    @property
    def database(self) -> Path:
        """The truth about rows."""
        return self.folder / "pillarbox.db"

    @property
    def blobs(self) -> Path:
        """The octets of messages."""
        return self.folder / "blobs"

    @property
    def keys(self) -> Path:
        """The master key, apart from what it seals."""
        return self.folder / "keys"

    @property
    def tls(self) -> Path:
        """Certificates that `init` made."""
        return self.folder / "tls"

    @property
    def ca(self) -> Path:
        """The test CA's certificate, which clients are told to trust."""
        return self.tls / "ca.pem"

    @property
    def run(self) -> Path:
        """What holds only while processes run: leases, listeners."""
        return self.folder / "run"

    @property
    def listeners(self) -> Path:
        """Says what is listened on; there while every listener is ready."""
        return self.run / "listeners.json"

    @property
    def servers(self) -> Path:
        """One locked file a process that serves."""
        return self.run / "servers"

    @property
    def remote_leases(self) -> Path:
        """One locked file a remote that is being collected from."""
        return self.run / "remotes"

    @property
    def token_turns(self) -> Path:
        """One locked file a remote whose token is being renewed."""
        return self.run / "tokens"

    def below(self, path: str) -> Path:
        """Return a path of the configuration: relative ones start here."""
        return self.folder / path
