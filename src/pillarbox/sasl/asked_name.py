"""The name in a client's message: what the accounts are asked about, or why they are not."""

from pillarbox.sasl.exchange import Refusal
from pillarbox.sasl.saslprep import prepare


def asked_name(octets: bytes) -> str | Refusal:
    """Return a name prepared with SASLprep, or why there is none to ask about.

    Nothing, and what is not UTF-8, is no name of any message. A name that SASLprep prohibits is
    one, which nobody has: credentials that are not accepted (RFC 3206, section 6).
    """
    try:
        name = octets.decode("utf-8")
    except UnicodeDecodeError:
        return Refusal.BAD_RESPONSE
    return prepare(name) or (Refusal.NOT_ACCEPTED if name else Refusal.BAD_RESPONSE)
