"""The configuration file that `init` writes: each key on one line, with its reason above it."""

import json
from collections.abc import Callable

from pillarbox.base.words import N_

Line = tuple[str, str]  # English comment, TOML

LINES: list[Line] = [
    (
        N_("The name that clients connect to; the certificate is made for it."),
        "hostname = {hostname}",
    ),
    (N_("Processes that serve. More than 1 is refused until it is built."), "workers = 1"),
    (N_('Lists of "host:port" or "unix:path"; port 0 takes any free one.'), "[listen]"),
    (
        N_("POP3; passwords are taken only after STLS, SCRAM before it too: see require_tls."),
        'pop3 = ["127.0.0.1:1110"]',
    ),
    (
        N_("POP3 over TLS from the first octet: what mail clients should use."),
        'pop3s = ["127.0.0.1:1995"]',
    ),
    (
        N_("Where a mail server hands mail over (RFC 2033). Never open it to the Internet."),
        'lmtp = ["127.0.0.1:1024"]',
    ),
    (
        N_("A PROXY header is required here, and a protocol error everywhere else."),
        "pop3s_proxied = []",
    ),
    (
        N_("POP2 and POP1 (RFC 937, RFC 918), for museums: loopback only, and without TLS."),
        "pop2 = []",
    ),
    ("", "pop1 = []"),
    ("", "[proxy]"),
    (N_("Addresses that may send a PROXY header."), "trusted = []"),
    (N_("Relative to this file's folder."), "[tls]"),
    ("", 'certificate = "tls/server.pem"'),
    ("", 'key = "tls/server.key"'),
    (
        N_('For other names: { certificate = "...", key = "..." }, as many as there are.'),
        "more = []",
    ),
    (
        N_("true = a client that names a host we have no certificate for is refused."),
        "strict_sni = false",
    ),
    ("", "[auth]"),
    (
        N_("Dangerous: lets passwords cross the network for anyone to read."),
        "allow_plaintext_auth_without_tls = false",
    ),
    (
        N_("true = nobody logs in before TLS, by SCRAM neither: mail would cross in the clear."),
        "require_tls = false",
    ),
    (
        N_("Old mechanisms; only app passwords made with --legacy-digest can use them."),
        "apop = false",
    ),
    ("", "cram_md5 = false"),
    (
        N_("SCRAM-SHA-1 takes app passwords only, unless this is true."),
        "scram_sha_1_for_main_passwords = false",
    ),
    (
        N_("Dangerous: takes as many wrong passwords as somebody cares to send."),
        "allow_unlimited_guesses = false",
    ),
    (
        N_("A main password that was right is remembered so long, at most 300; 0 = never."),
        "cache_seconds = 300",
    ),
    (N_("Tokens of an authorization server. All empty = none are taken."), "[oauth]"),
    (N_("RFC 7662; the secret is in a file of its own."), 'introspection_url = ""'),
    ("", 'client_id = ""'),
    ("", 'client_secret_file = ""'),
    (N_("Or its public keys, for tokens that are signed (JWT)."), 'jwks_file = ""'),
    ("", 'issuer = ""'),
    ("", 'audience = ""'),
    (N_("What in a token names the account."), 'account_claim = "email"'),
    (
        N_("The one domain whose addresses name accounts by their local part; empty = none."),
        'domain = ""',
    ),
    ("", "[protocol]"),
    (N_("The LAST of RFC 1460, for clients that still say it."), "last = false"),
    (
        N_('Of UTF-8 headers, other clients get a "surrogate", them "as they are", or "refuse".'),
        'utf8_headers = "surrogate"',
    ),
    (
        N_("The most connections at a time, in all and from one source."),
        "[limits]",
    ),
    ("", "connections = 10000"),
    (N_("A source is an IPv4 address or an IPv6 /64."), "per_source = 50"),
    ("", "per_source_unauthenticated = 50"),
    (N_("For the whole site."), "[policy]"),
    (N_("0 = nothing is ever removed by us."), "retention_days = 0"),
    (N_("0 = a client may come as often as it likes."), "login_delay_seconds = 0"),
    (N_("How long it is kept what sessions were like; 0 = for ever."), "session_days = 90"),
    (N_("What a maildrop may hold, in octets; 0 = without end."), "quota_octets = 0"),
    (
        N_("For so long what was removed can be brought back; then it goes for good."),
        "grace_days = 30",
    ),
    (
        N_("Whoever removes so many messages that they never had; 0 = nobody is looked at."),
        "mass_delete_messages = 20",
    ),
    (N_("What they removed can be brought back for so long."), "quarantine_days = 90"),
    (
        N_("A device that has not come for so many days is not waited for."),
        "reach_days = 30",
    ),
    (
        N_('What leaves every maildrop: "delete", "archive", or "keep" it where it is.'),
        'after_removal = "delete"',
    ),
    (
        N_('What a device removes leaves the others "when had" by them, or "at once".'),
        'remove = "when had"',
    ),
    (N_("How somebody is told of a new network, a lock, a mass delete and the like."), "[alerts]"),
    (
        N_("A program and its arguments; it gets each alert as JSON on its stdin."),
        "command = []",
    ),
    (N_("true = a mail into the account that it is about."), "mail = false"),
    (
        N_("A file that holds the URL, which is a secret: JSON is posted there."),
        'webhook_file = ""',
    ),
    (
        N_("A file of URLs for apprise, which is installed apart; one a line."),
        'apprise_file = ""',
    ),
    (N_("How mail is collected from other servers."), "[collect]"),
    (
        N_("While serving, each remote is asked so often, unless it has times of its own."),
        "interval_seconds = 600",
    ),
    (N_("The most sessions at a time with one server."), "sessions_per_server = 2"),
    (N_("The most that is fetched from one remote; 0 = without end."), "octets_per_message = 0"),
    ("", "messages_per_session = 0"),
    ("", "octets_per_session = 0"),
    (N_("A day is one of UTC."), "messages_per_day = 0"),
    ("", "octets_per_day = 0"),
    (N_("Limits for one remote; as many as there are:"), "# [[collect.remote]]"),
    ("", '# name = "provider"'),
    ("", "# octets_per_day = 1000000000"),
    (
        N_('Rules, in their order: "skip", "headers", "fetch", tags and more; see the manual.'),
        "# [[collect.rule]]",
    ),
    ("", '# name = "not so large"'),
    ("", "# larger_than = 50000000"),
    ("", '# action = "headers"'),
]


def configuration_text(hostname: str, say: Callable[[str], str]) -> str:
    """Return the file for a new home, its comments in the language that `say` speaks."""
    lines = []
    for comment, toml in LINES:
        if toml.startswith("["):
            lines.append("")
        if comment:
            lines.append(f"# {say(comment)}")
        lines.append(toml.replace("{hostname}", json.dumps(hostname)))
    return "\n".join(lines) + "\n"
