"""A real Dovecot that serves Maildirs over POP3, with no trace of the machine's own one.

It runs wholly as one unprivileged user (root lends it the package's own `dovecot`), so it behaves
the same whoever runs the tests. Its folder is not pytest's: that one is closed to other users, and
the paths of sockets in it could pass the 108 octets that Unix allows.
"""

import os
import pwd
import re
import shutil
import socket
from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import mkdtemp
from types import TracebackType
from typing import Self

import pytest

from tests.peers.openssl import Certificate
from tests.peers.program import (
    LOOPBACK,
    EndedFault,
    PortTakenFault,
    Process,
    bind_by_trying,
    environment,
    find,
    free_port,
    wait_for_datagram,
)

USER = "dovecot"  # Debian's package makes it; it owns nothing of anybody's
ACCOUNTS = {"mrose": "correct horse"}
MECHANISMS = ("plain", "login", "cram-md5", "digest-md5", "apop", "scram-sha-1", "scram-sha-256")
TAKEN = ("Address already in use", "duplicate listener")
VALIDITY = 1_700_000_000  # IMAP's UIDVALIDITY, which Dovecot puts into every unique-id

CONFIGURATION = """\
base_dir = {base}/run
state_dir = {base}/state
log_path = {base}/dovecot.log
default_internal_user = {user}
default_internal_group = {group}
default_login_user = {user}
login_trusted_networks =
listen = {host}
protocols = pop3
import_environment = TZ LC_ALL
first_valid_uid = 1
mail_location = maildir:{base}/mail/%u
mail_fsync = never
passdb {{
  driver = passwd-file
  args = scheme=PLAIN username_format=%u {base}/passwd
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={base}/home/%u
}}
auth_mechanisms = {mechanisms}
auth_failure_delay = 0
auth_verbose = yes
disable_plaintext_auth = no
ssl = {ssl}
ssl_min_protocol = TLSv1.2
ssl_cert = <{base}/server.pem
ssl_key = <{base}/server.key
pop3_lock_session = {lock}
pop3_uidl_format = %08Xu%08Xv
service pop3-login {{
  chroot =
  inet_listener pop3 {{
    port = {port}
  }}
  inet_listener pop3s {{
    port = {tls_port}
    ssl = yes
  }}
}}
service anvil {{
  chroot =
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
service stats {{
  chroot =
}}
"""
IMAP = """\
protocols = pop3 imap
mail_max_userip_connections = 100
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = {tls_port}
    ssl = yes
  }}
}}
"""
IMAP_PROGRAM = Path("/usr/lib/dovecot/imap")


@dataclass(frozen=True, slots=True)
class Options:
    """What a test may want of its Dovecot: accounts with passwords, mechanisms, TLS, the lock.

    With the lock, a second session is told `[IN-USE]` after about 12 seconds, not at once.
    `serves_imap` serves the same maildrops over IMAP too, which wants a package of its own.
    `settings` is configuration that comes last; `{base}` in it is the folder.
    """

    accounts: Mapping[str, str] = field(default_factory=lambda: dict(ACCOUNTS))
    mechanisms: Sequence[str] = MECHANISMS
    offers_tls: bool = True
    locks_session: bool = False
    serves_imap: bool = False
    settings: str = ""


class Dovecot:
    """A running Dovecot: POP3 with STLS on `port`, implicit TLS on `tls_port`, at 127.0.0.1.

    IMAP is on `imap_port` and `imap_tls_port` in the same way, where the options ask for it.
    """

    def __init__(self, certificate: Certificate, options: Options | None = None) -> None:
        self.host = LOOPBACK
        self.port = 0
        self.tls_port = 0
        self.imap_port = 0
        self.imap_tls_port = 0
        self.options = options or Options()
        self._certificate = certificate
        self._folder: Path | None = None
        self._process: Process | None = None
        self._owner = pwd.getpwuid(os.geteuid())
        self._stack = ExitStack()
        self._delivered = 0

    def __enter__(self) -> Self:
        program = find("dovecot")
        if self.options.serves_imap and not IMAP_PROGRAM.exists():
            pytest.skip("dovecot-imapd is not installed; tests/peers/install.sh brings it")
        if os.geteuid() == 0:
            self._owner = pwd.getpwnam(USER)
        with ExitStack() as stack:
            self._folder = Path(mkdtemp(prefix="dovecot-"))
            stack.callback(shutil.rmtree, self._folder)
            self._furnish()
            self._process = bind_by_trying(lambda: self._start(program))
            stack.callback(self.stop)
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stack.close()

    @property
    def folder(self) -> Path:
        """Give the folder with all that this Dovecot has; it goes when the Dovecot ends."""
        assert self._folder is not None, "Dovecot was never started"
        return self._folder

    @property
    def process(self) -> Process:
        """Give the master process."""
        assert self._process is not None, "Dovecot was never started"
        return self._process

    def stop(self) -> None:
        """End Dovecot at once and keep its maildrops until the context ends."""
        self.process.kill()  # asked politely, its master waits a whole second for its children

    def start(self) -> None:
        """Start it again after `stop`, with the same maildrops, on new ports."""
        program = find("dovecot")
        self._process = bind_by_trying(lambda: self._start(program))

    def log(self) -> str:
        """Give what Dovecot has logged so far."""
        path = self.folder / "dovecot.log"
        return path.read_text(errors="replace") if path.exists() else ""

    def deliver(self, account: str, messages: Iterable[bytes]) -> None:
        """Put messages, octets as they are, into a maildrop behind those that are there."""
        maildir = self._maildir(account)
        for message in messages:
            self._delivered += 1
            name = f"{VALIDITY + self._delivered}.M{self._delivered:06}P1.peer"
            written = maildir / "tmp" / name
            written.write_bytes(message)
            self._own(written)
            written.rename(maildir / "new" / name)

    def messages(self, account: str) -> list[bytes]:
        """Give the octets of the messages in a maildrop, in the order of their numbers."""
        return [path.read_bytes() for path in self._paths(account)]

    def renumber(self, account: str) -> None:
        """Give every message of a maildrop a new unique-id, as a server's move does.

        Nobody may be in the maildrop meanwhile.
        """
        maildir = self._maildir(account)
        listing = maildir / "dovecot-uidlist"
        before = listing.read_text() if listing.exists() else f"3 V{VALIDITY}"
        match = re.match(r"3 .*?V(\d+)", before)
        assert match is not None, before
        paths = self._paths(account)
        lines = [f"3 V{int(match[1]) + 1} N{len(paths) + 1}"]
        lines += [f"{n} :{path.name.partition(':')[0]}" for n, path in enumerate(paths, 1)]
        listing.write_text("\n".join(lines) + "\n", encoding="ascii")
        self._own(listing)
        for index in maildir.glob("dovecot.index*"):
            index.unlink()

    def _furnish(self) -> None:
        """Lay out the folder; Dovecot's user can reach it, nobody else can."""
        for name in ("run", "state", "mail", "home"):
            (self.folder / name).mkdir(mode=0o700)
        for source, name in (
            (self._certificate.certificate, "server.pem"),
            (self._certificate.key, "server.key"),
        ):
            shutil.copyfile(source, self.folder / name)
        passwords = "".join(f"{n}:{{PLAIN}}{p}\n" for n, p in self.options.accounts.items())
        (self.folder / "passwd").write_text(passwords, encoding="utf-8")
        for path in (self.folder, *self.folder.iterdir()):
            self._own(path)

    def _start(self, program: str) -> Process:
        self.port, self.tls_port = free_port(), free_port()
        self.imap_port, self.imap_tls_port = free_port(), free_port()
        configuration = self.folder / "dovecot.conf"
        configuration.write_text(self._configuration(), encoding="utf-8")
        self._own(configuration)
        output = self.folder / "output"
        with ExitStack() as stack:
            inbox = stack.enter_context(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM))
            notified = self.folder / "notify"
            notified.unlink(missing_ok=True)
            inbox.bind(str(notified))
            self._own(notified)
            process = stack.enter_context(
                Process(
                    [program, "-F", "-c", str(configuration)],
                    env=environment(self.folder / "home", NOTIFY_SOCKET=str(notified)),
                    output=output,
                    cwd=self.folder,
                    user=self._owner.pw_name if os.geteuid() == 0 else None,
                )
            )
            try:
                wait_for_datagram(inbox, process)
            except EndedFault as fault:
                said = process.said().decode(errors="replace") + self.log()
                if any(word in said for word in TAKEN):
                    raise PortTakenFault(said) from fault
                fault.add_note(self.log())
                raise
            stack.pop_all()
            inbox.close()
        return process

    def _configuration(self) -> str:
        imap = IMAP.format(port=self.imap_port, tls_port=self.imap_tls_port)
        pop3 = CONFIGURATION.format(
            base=self.folder,
            user=self._owner.pw_name,
            group=_group_name(self._owner.pw_gid),
            uid=self._owner.pw_uid,
            gid=self._owner.pw_gid,
            host=self.host,
            mechanisms=" ".join(self.options.mechanisms),
            ssl="yes" if self.options.offers_tls else "no",
            lock="yes" if self.options.locks_session else "no",
            port=self.port,
            tls_port=self.tls_port if self.options.offers_tls else 0,
        )
        settings = self.options.settings.replace("{base}", str(self.folder))
        return pop3 + (imap if self.options.serves_imap else "") + settings

    def folder_of(self, account: str, name: str) -> str:
        """Make a folder of an account, and return what `deliver` and the others call it."""
        maildir = f"{account}/.{name}"
        self._maildir(account)
        self._maildir(maildir)
        return maildir

    def _maildir(self, account: str) -> Path:
        maildir = self.folder / "mail" / account
        if not maildir.exists():
            for folder in (maildir, maildir / "cur", maildir / "new", maildir / "tmp"):
                folder.mkdir(mode=0o700)
                self._own(folder)
        return maildir

    def _paths(self, account: str) -> list[Path]:
        """Give the files of a maildrop; their names sort as they were delivered."""
        maildir = self._maildir(account)
        found = [*(maildir / "cur").iterdir(), *(maildir / "new").iterdir()]
        return sorted(found, key=lambda path: path.name)

    def _own(self, path: Path) -> None:
        if os.geteuid() == 0:
            os.chown(path, self._owner.pw_uid, self._owner.pw_gid)


def _group_name(gid: int) -> str:
    import grp  # absent where there is no Dovecot either

    return grp.getgrgid(gid).gr_name
