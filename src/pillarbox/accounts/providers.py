"""Mail providers by name: what they say of their servers, and where they say it. Pure.

A provider is here only where its settings stand in a page or in a file that others go by. Each
source was read on 2026-11-23; the newest edition is at the same address.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, auto

from pillarbox.accounts.remote_settings import Protocol
from pillarbox.base.words import N_

POPS, IMAPS = 995, 993
XOAUTH2 = "XOAUTH2"
# What Thunderbird's users go by; one file a provider.
ISPDB = "https://github.com/thunderbird/autoconfig/blob/master/ispdb/"

APP_PASSWORD = N_("It takes an app password, not the one for its web pages.")


class Login(Enum):
    """Who we are there, made from the mail address."""

    ADDRESS = auto()
    LOCAL_PART = auto()
    OTHER = auto()  # a name of its own: it must be said


@dataclass(frozen=True, slots=True)
class Provider:
    """One provider. `{domain}` in a host is the address's."""

    host: str
    source: str
    protocol: Protocol = Protocol.POP3
    port: int = POPS
    login: Login = Login.ADDRESS
    mechanism: str | None = None
    note: str | None = None  # an English template, for whoever adds it


def _ispdb(file: str) -> str:
    return f"{ISPDB}{file}"


PROVIDERS: Mapping[str, Provider] = {
    "aol": Provider("pop.aol.com", _ispdb("aol.com.xml"), note=APP_PASSWORD),
    "asahi-net": Provider(
        "pop.asahi-net.or.jp",
        "https://asahi-net.jp/support/guide/mail/0600.html",
        login=Login.OTHER,
        note=N_("The user is the ASAHI Net ID, not the address."),
    ),
    "biglobe": Provider(
        "mail.biglobe.ne.jp",
        "https://faq.support.biglobe.ne.jp/faq_detail.html?faq_category=1191&faq_id=12413",
    ),
    "docomo": Provider(
        "imap.spmode.ne.jp",
        # A user's account of "ドコモメールIMAPインターフェース仕様書", edition 4.3.
        "https://qiita.com/garupon/items/4e7c26607d70cdd55333",
        protocol=Protocol.IMAP,
        port=IMAPS,
        login=Login.OTHER,
        note=N_("It has no POP3. The user is the d account, with its password for IMAP."),
    ),
    "fastmail": Provider(
        "pop.fastmail.com",
        "https://www.fastmail.com/help/technical/servernamesandports.html",
        note=APP_PASSWORD,
    ),
    "gmail": Provider(
        "pop.gmail.com",
        _ispdb("googlemail.com.xml"),
        note=N_(
            "POP must be turned on in Gmail's settings, and it takes OAuth 2 or an app password."
            ' Where other programs collect too, put "recent:" before the user: then each of them'
            " sees the last 30 days."
        ),
    ),
    "gmx": Provider(
        "pop.gmx.net",
        _ispdb("gmx.net.xml"),
        note=N_("POP3 must be turned on in its settings."),
    ),
    "icloud": Provider(
        "imap.mail.me.com",
        # "Doesn't support POP": https://support.apple.com/102525
        _ispdb("me.com.xml"),
        protocol=Protocol.IMAP,
        port=IMAPS,
        login=Login.LOCAL_PART,
        note=N_("It has no POP3; it takes an app-specific password."),
    ),
    "jcom": Provider(
        # Of POP3 its page has port 110 alone.
        "imap.jcom.zaq.ne.jp",
        "http://support.zaq.ne.jp/cs/mail/ml_mailservice_summary.html",
        protocol=Protocol.IMAP,
        port=IMAPS,
    ),
    "microsoft365": Provider(
        "outlook.office365.com",
        _ispdb("office365.com.xml"),
        mechanism=XOAUTH2,
        note=N_("It takes OAuth 2 alone; the organization must allow POP."),
    ),
    "nifty": Provider("pop.nifty.com", _ispdb("nifty.com.xml")),
    "ocn": Provider("pop.ocn.ne.jp", _ispdb("ocn.ne.jp.xml")),
    "onamae": Provider("pop.{domain}", "https://help.onamae.com/answer/9537"),
    "outlook": Provider(
        "outlook.office365.com",
        _ispdb("hotmail.com.xml"),
        mechanism=XOAUTH2,
        note=N_("It takes OAuth 2 alone, and POP must be turned on in its settings."),
    ),
    "yahoo": Provider("pop.mail.yahoo.com", _ispdb("yahoo.com.xml"), note=APP_PASSWORD),
    "yahoo-japan": Provider(
        "pop.mail.yahoo.co.jp",
        "https://github.com/nguyendkn/BrowserAutomationStudio/blob/master/"
        "Solution/Modules/InMail/js/internal/pop3/configs.js",
        login=Login.LOCAL_PART,
        note=N_("POP must be turned on in its settings. The user is the Yahoo! JAPAN ID."),
    ),
}
