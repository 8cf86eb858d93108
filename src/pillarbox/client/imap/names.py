"""What stands for an IMAP message in a ledger: its folder, UIDVALIDITY and UID. Pure.

RFC 9051, section 2.3.1.1: together they are never given to another message.
"""

PLAIN = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")


def unique_id(folder: str, validity: int, uid: int) -> str:
    """Return the name; it holds no space, and is no other message's."""
    return f"imap/{percent_encoded(folder)}/{validity}/{uid}"


def percent_encoded(text: str) -> str:
    """Return the text's UTF-8 with all but letters, digits and `-._~` as RFC 3986 has it."""
    octets = text.encode("utf-8", "surrogatepass")
    return "".join(chr(octet) if octet in PLAIN else f"%{octet:02X}" for octet in octets)
