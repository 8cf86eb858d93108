"""Serving: every listener of the configuration, until somebody says stop."""

import asyncio
import os
import signal
import sys
from collections.abc import Callable
from dataclasses import replace

from pillarbox.accounts.login_name import read_login_name
from pillarbox.accounts.terms import read_terms
from pillarbox.app.admission import Admission, Recipients
from pillarbox.app.alert_ways import build_ways
from pillarbox.app.alert_words import Words
from pillarbox.app.alerts import EVERY_SECONDS, Telling
from pillarbox.app.build import System
from pillarbox.app.chores import EndingWatch, QuotaWatch, Retirement, Sweeping, doing
from pillarbox.app.collect_journal import Noted
from pillarbox.app.collecting import Collecting
from pillarbox.app.configured import note_configuration
from pillarbox.app.expiry import ExpiryWatch
from pillarbox.app.languages import find_languages
from pillarbox.app.listening import Listening
from pillarbox.app.pruning import Pruning
from pillarbox.app.purging import Purging
from pillarbox.app.servers import Presence
from pillarbox.app.settings import Configuration
from pillarbox.app.site import limits_of, site_of
from pillarbox.app.terms import AnnouncedTerms
from pillarbox.app.tokens import build_tokens
from pillarbox.base.clock import DAY_SECONDS
from pillarbox.base.errors import Fault
from pillarbox.delivery.service import LmtpService
from pillarbox.delivery.services import Services as DeliveryServices
from pillarbox.journal.alerts import Alerts
from pillarbox.journal.journal import Journal
from pillarbox.journal.sessions import Recorder
from pillarbox.net.certificates import Certificates, Pair
from pillarbox.net.descriptors import allow_descriptors
from pillarbox.net.listener import Serve
from pillarbox.net.pool import Pool
from pillarbox.net.systemd import notify
from pillarbox.server.proxied import AWAITED, ProxyRules
from pillarbox.server.service import Pop3Service
from pillarbox.server.services import Services
from pillarbox.server.trusted import trust
from pillarbox.wire.pop3.capa import Terms

HASHING_THREADS = max(1, (os.cpu_count() or 1) - 1)  # a flood of logins leaves a core for others
HASHING_WAITING = 256  # logins; more are told to try later
ASKING_THREADS = 8  # an authorization server that is slow holds up no other login
ASKING_WAITING = 64
TELLING_THREADS = 2  # one web server that is slow holds up another at most
TELLING_WAITING = 64
CONVERTING_THREADS = 2  # messages that are slow to convert hold up each other alone
DISK_THREADS = 16  # so many fsyncs may share one commit
DISK_WAITING = 20_000  # sessions wait their turn; the limits on connections bound them
RETENTION_SECONDS = 300.0  # mail stays at most so much longer than the policy says
PURGE_SECONDS = 86_400.0  # it looks at every blob; what was removed stays that much longer at most
OTHER_DESCRIPTORS = 512  # LMTP, the database, connections that are refused, and what else there is
TERMS_SECONDS = 10.0  # what CAPA says before login is at most so much older than what is set
ENDING_SECONDS = 1.0  # a revoked password's sessions live at most so much longer
SWEEPING_SECONDS = 60.0  # what the throttle's tables hold beyond what it needs
DRAIN_SECONDS = 30.0  # for a RETR or a delivery under way when we are told to stop


class Service:
    """The servers of one home."""

    def __init__(self, system: System, config: Configuration) -> None:
        self._system = system
        self._config = config
        self._journal = Journal(sys.stderr, system.clock)
        self._tls = Certificates(self._pairs(), refuses_unknown_names=config.tls.strict_sni)
        self._expiry = ExpiryWatch(self._tls, self._journal, system.clock)
        self._hashing = Pool("hashing", HASHING_THREADS, HASHING_WAITING)
        self._asking = Pool("asking", ASKING_THREADS, ASKING_WAITING)
        self._converting = Pool("converting", CONVERTING_THREADS, DISK_WAITING)
        self._waiting = Pool("telling", TELLING_THREADS, TELLING_WAITING)
        self._disk = Pool("disk", DISK_THREADS, DISK_WAITING)
        self._presence = Presence(system.home.servers)
        self._recorder = Recorder(
            system.database, system.clock, self._journal, self._presence.name, _account_name
        )
        rules = ProxyRules(trust(config.proxy.trusted))
        self._terms = AnnouncedTerms(self._read_terms, self._disk, self._journal)
        self._pop3 = Pop3Service(self._server_services(), limits_of(config), rules)
        self._lmtp = LmtpService(self._delivery_services())
        self._reloading = asyncio.Lock()
        self._reloads: set[asyncio.Future[None]] = set()
        self._listening = Listening(system.home, self._note_exhausted)
        self._endings = EndingWatch(system.endings, self._pop3.end, self._disk, self._journal)
        self._purging = Purging(system.purge, self._disk, self._journal)
        self._quotas = QuotaWatch(self._look_at_quotas, self._disk, self._journal)
        self._retirement = Retirement(system.retention, self._disk, self._journal)
        cache = system.passwords.cache
        self._sweeping = Sweeping(system.throttle, cache, self._disk, self._journal)
        self._pruning = Pruning(
            system.sessions, system.clock, config.policy.session_days, self._disk, self._journal
        )

        self._telling = self._build_telling()
        self._collecting = Collecting(system, Noted(self._journal))

    async def run(self, ready: Callable[[], None]) -> None:
        """Serve until SIGTERM or SIGINT; SIGHUP takes a new certificate. Raises OperatorFault."""
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGTERM, stop.set)
        loop.add_signal_handler(signal.SIGINT, stop.set)
        loop.add_signal_handler(signal.SIGHUP, self._begin_reload)
        try:
            await self._disk.run(self._note_configuration)
            await self._listen()
            self._note_groups()
            self._note_descriptors()
            self._tell("READY=1")
            ready()
            self._collecting.start()
            async with doing(
                (self._retirement.run, RETENTION_SECONDS),
                (self._quotas.look, RETENTION_SECONDS),
                (self._purging.run, PURGE_SECONDS),
                (self._pruning.run, RETENTION_SECONDS),
                (self._endings.look, ENDING_SECONDS),
                (self._terms.refresh, TERMS_SECONDS),
                (self._look_at_certificates, DAY_SECONDS),
                (self._telling.run, EVERY_SECONDS),
                (self._sweeping.run, SWEEPING_SECONDS),
            ):
                await stop.wait()
        finally:
            await self._stop()

    def _look_at_quotas(self) -> None:
        self._system.quotas.look(int(self._system.clock.now()))

    def _read_terms(self) -> Terms:
        policy = self._config.policy
        return read_terms(self._system.database, policy.retention_days, policy.login_delay_seconds)

    async def _look_at_certificates(self) -> None:
        self._expiry.look()

    def _note_exhausted(self, listener: str, error: OSError) -> None:
        self._journal.note("listener.exhausted", listener=listener, why=error.strerror)

    def _note_descriptors(self) -> None:
        # A session has its connection, its lease, and at times a message open.
        wanted = 3 * self._config.limits.connections + AWAITED + OTHER_DESCRIPTORS
        allowed = allow_descriptors(wanted)
        if allowed < wanted:
            self._journal.note("descriptors.short", wanted=wanted, allowed=allowed)

    async def _listen(self) -> None:
        listen = self._config.listen
        services: dict[str, tuple[tuple[str, ...], Serve]] = {
            "pop3": (listen.pop3, self._pop3.serve),
            "pop3s": (listen.pop3s, self._pop3.serve_secure),
            "pop3s_proxied": (listen.pop3s_proxied, self._pop3.serve_proxied),
            "pop2": (listen.pop2, self._pop3.serve_pop2),
            "pop1": (listen.pop1, self._pop3.serve_pop1),
            "lmtp": (listen.lmtp, self._lmtp.serve),
        }
        await self._listening.start(services)

    async def _stop(self) -> None:
        self._tell("STOPPING=1")
        self._listening.stop()
        self._pop3.drain()
        self._lmtp.drain()
        await asyncio.gather(self._listening.wait(DRAIN_SECONDS), self._collecting.end())
        await asyncio.gather(*self._reloads)
        self._hashing.close()
        self._asking.close()
        self._converting.close()
        self._waiting.close()
        self._disk.close()
        self._recorder.close()
        self._presence.leave()

    def _begin_reload(self) -> None:
        task = asyncio.ensure_future(self._reload())
        self._reloads.add(task)
        task.add_done_callback(self._reloads.discard)

    async def _reload(self) -> None:
        try:
            # In a thread: it reads files, and tries each pair with handshakes of its own. One at a
            # time, so that the last one counts.
            async with self._reloading:
                await self._disk.run(self._tls.reload)
        except Fault as fault:
            self._journal.note("certificate.refused", why=fault)
        else:
            self._journal.note("certificate.loaded")
            self._expiry.look()

    def _pairs(self) -> list[Pair]:
        home, tls = self._system.home, self._config.tls
        files = [(tls.certificate, tls.key), *((more.certificate, more.key) for more in tls.more)]
        return [Pair(home.below(certificate), home.below(key)) for certificate, key in files]

    def _note_groups(self) -> None:
        surplus = {group for shown in self._tls.shown for group in shown.surplus_groups}
        if surplus:
            self._journal.note("tls.narrowed", to="P-256", without=",".join(sorted(surplus)))

    def _note_configuration(self) -> None:
        system, config = self._system, self._config
        now = int(system.clock.now())
        system.database.write(lambda rows: note_configuration(rows, now, config))

    def _build_telling(self) -> Telling:
        system = self._system
        say = next(iter(find_languages().values())).say
        words = Words(self._config.hostname, say)
        pools = (self._disk, self._waiting)
        ways = build_ways(system.home, self._config.alerts, words, system.store, pools)
        alerts = Alerts(system.database, system.clock)
        return Telling(alerts, ways, self._disk, self._journal)

    @staticmethod
    def _tell(state: str) -> None:
        notify(os.environ.get("NOTIFY_SOCKET"), state)

    def _server_services(self) -> Services:
        return Services(
            store=self._system.store,
            admission=self._admission(),
            hashing=self._hashing,
            asking=self._asking,
            converting=self._converting,
            disk=self._disk,
            tls=self._tls,
            journal=self._journal,
            site=site_of(self._config, self._terms),
            endings=self._system.endings,
            sessions=self._recorder,
        )

    def _admission(self) -> Admission:
        # Here, and not with the rest of the system: no other command is to need what tokens need.
        system = self._system
        tokens = build_tokens(system.home, system.accounts, system.clock, self._config.oauth)
        return replace(system.admission, tokens=tokens)

    def _delivery_services(self) -> DeliveryServices:
        return DeliveryServices(
            store=self._system.store,
            recipients=Recipients(self._system.accounts, self._system.quotas),
            disk=self._disk,
            journal=self._journal,
            hostname=self._config.hostname,
        )


def _account_name(text: str) -> str | None:
    """Return the account that a client means by a name, None where none can be called that."""
    return read_login_name(text).account
