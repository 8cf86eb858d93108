"""What CAPA announces: RFC 2449, section 6.

Everything that is announced before login is announced after it too (section 5), so the list depends
on the channel alone.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Channel:
    """What the connection is now."""

    is_secure: bool  # TLS is on
    offers_stls: bool  # there is a certificate
    allows_plaintext: bool  # allow_plaintext_auth_without_tls

    @property
    def allows_passwords(self) -> bool:
        """Whether a mechanism that shows the password may be used."""
        return self.is_secure or self.allows_plaintext


def mechanisms(channel: Channel) -> list[str]:
    """Return the SASL mechanisms that may be used now."""
    return ["PLAIN"] if channel.allows_passwords else []


def capabilities(channel: Channel, implementation: str) -> list[str]:
    """Return the lines of the reply to CAPA."""
    lines = ["TOP", "UIDL", "RESP-CODES", "AUTH-RESP-CODE", "PIPELINING"]
    if channel.offers_stls and not channel.is_secure:
        lines.append("STLS")
    if channel.allows_passwords:
        lines += ["USER", " ".join(["SASL", *mechanisms(channel)])]
    return [*lines, f"IMPLEMENTATION {implementation}"]
