"""What an alert says to people and to programs: a sentence, JSON, or a mail message."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from ipaddress import ip_address

from pillarbox.base.clock import shown_time
from pillarbox.base.words import N_
from pillarbox.journal.alerts import Alert, AlertKind
from pillarbox.journal.facts import Say, fact_in_words

# Kind: what happened, and what to do about it. {account} is a name.
WORDS = {
    AlertKind.NEW_NETWORK: (
        N_("Somebody signed in to {account} from a network that is new."),
        N_('If that was not you: "pillarbox incident {account}" ends sessions and passwords.'),
    ),
    AlertKind.ODD_HOUR: (
        N_("Somebody signed in to {account} at an hour that is not usual."),
        N_('If that was not you: "pillarbox incident {account}" ends sessions and passwords.'),
    ),
    AlertKind.LOCKED: (
        N_("Too many sign-ins to {account} have failed; it is locked for where they come from."),
        N_('"pillarbox audit list {account}" shows them; "pillarbox account unlock" ends it.'),
    ),
    AlertKind.MASS_DELETE: (
        N_("A session of {account} removed many messages that its device never had."),
        N_('They are kept: "pillarbox maildrop undo {account}" brings them back.'),
    ),
    AlertKind.REVOKED_DEVICE: (
        N_("Somebody tried the password of a device of {account} that is revoked."),
        N_('"pillarbox audit list {account}" shows from where.'),
    ),
    AlertKind.QUOTA: (
        N_("The maildrop of {account} is nearly full."),
        N_("What does not fit is not accepted: remove mail, or give it a larger quota."),
    ),
    AlertKind.NOT_COLLECTED: (
        N_("Mail of {account} has not been collected from a server for a day or more."),
        N_('"pillarbox collect" with the name of the remote says why, and tries again.'),
    ),
    AlertKind.AUTHORISATION_ENDED: (
        N_("Mail of {account} is not collected: a server has ended our authorisation."),
        N_('"pillarbox remote authorize" with the name of the remote gives a new one.'),
    ),
}
OTHER = (N_("Something happened to {account}."), N_('"pillarbox audit list {account}" shows it.'))
NOBODY = N_("nobody in particular")
WHEN = N_("time")


@dataclass(frozen=True, slots=True)
class Words:
    """Says alerts in one language, as coming from one host: a name in ASCII or an address."""

    hostname: str
    say: Say

    def sentence(self, alert: Alert) -> str:
        """Return what happened, on one line."""
        return self._filled(alert, 0)

    def text(self, alert: Alert) -> str:
        """Return what happened, what to do, and each fact on a line of its own."""
        facts = [(self.say(WHEN), shown_time(alert.at))]
        facts += [fact_in_words(name, fact, self.say) for name, fact in alert.facts.items()]
        lines = [f"{name}: {fact}" for name, fact in facts]
        return "\n".join([self.sentence(alert), self._filled(alert, 1), "", *lines]) + "\n"

    def json(self, alert: Alert) -> bytes:
        """Return an alert for programs: one JSON object in ASCII."""
        return json.dumps(fields(alert) | {"text": self.sentence(alert)}).encode("ascii") + b"\n"

    def mail(self, alert: Alert) -> bytes:
        """Return an alert as a message (RFC 5322) to the account that it is about."""
        domain = _domain(self.hostname)
        mail = EmailMessage(policy=SMTP)
        mail["From"] = Address("Pillarbox", "postmaster", domain)
        mail["To"] = _address(alert.name or "postmaster", domain)
        mail["Subject"] = f"[Pillarbox] {self.sentence(alert)}"
        mail["Date"] = format_datetime(datetime.fromtimestamp(alert.at, UTC))
        # The same each time that it is told: clients can see that they have it.
        mail["Message-ID"] = f"<alert-{alert.number}.{alert.at}@{domain}>"
        mail["Auto-Submitted"] = "auto-generated"  # RFC 3834, section 5: nobody answers it
        text = self.text(alert)
        mail.set_content(text, cte=None if text.isascii() else "base64")
        return mail.as_bytes()

    def _filled(self, alert: Alert, part: int) -> str:
        words = WORDS[AlertKind(alert.kind)] if alert.kind in set(AlertKind) else OTHER
        return self.say(words[part]).format(account=alert.name or self.say(NOBODY))


def fields(alert: Alert) -> dict[str, object]:
    """Return what there is to know of an alert, for JSON."""
    return {
        "number": alert.number,
        "at": shown_time(alert.at),
        "kind": alert.kind,
        "account": alert.name,
        "facts": dict(alert.facts),
    }


def _domain(hostname: str) -> str:
    """Return what stands behind the @: RFC 5321, section 4.1.3, has the form of an address."""
    try:
        address = ip_address(hostname)
    except ValueError:
        return hostname
    return f"[IPv6:{address}]" if ":" in hostname else f"[{address}]"


def _address(name: str, domain: str) -> Address:
    local, _, own = name.rpartition("@")
    return Address("", local, own) if local and own else Address("", name.strip("@"), domain)
