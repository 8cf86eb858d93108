"""Which octets can be a password, and how they are prepared before anything is made of them. Pure.

A new password is SASLprepped (RFC 4013), as RFC 4616, 5034, 5802 and 6856 all ask for, and not
prepared with the newer RFC 8265: SCRAM's verifiers must be of what the clients' SASLprep makes.
What SASLprep forbids is not set. It is a stored string, so code points younger than Unicode 3.2,
emoji among them, are forbidden as well.

What a client sends with PASS or PLAIN is tried prepared, and also as it came where that differs:
passwords set before there was any preparation were kept as they came. The second try is made for
every name, known or not. A login with such a password keeps it prepared from then on; where
SASLprep forbids it, as it came, for SCRAM too: some clients send such a password unprepared.
"""

from pillarbox.sasl.saslprep import prepare_password

PASSWORD_OCTETS = 1_024  # more than anyone types; bounds what an attacker has us hash
CONTROLS = frozenset(range(0x20)) | {0x7F}


def is_usable(password: bytes) -> bool:
    """Say whether a client may send these: RFC 4616, section 2, wants 1 or more, UTF-8, no NUL.

    RFC 6856, section 2.2: malformed UTF-8 is refused.
    """
    if not 0 < len(password) <= PASSWORD_OCTETS or not CONTROLS.isdisjoint(password):
        return False
    try:
        password.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def prepared(password: bytes) -> bytes | None:
    """Return a usable password as it is kept, None where SASLprep forbids it."""
    found = prepare_password(password)
    return found if found is not None and is_usable(found) else None


def spellings(password: bytes) -> tuple[bytes, ...]:
    """Return what to try of a usable password, the best first: one or two."""
    best = prepared(password)
    if best is None or best == password:
        return (password,)
    return best, password
