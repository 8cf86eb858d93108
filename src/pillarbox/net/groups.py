"""Which groups a server's context agrees to: asked of OpenSSL itself, with a ClientHello each.

Python's ssl says nothing of groups, and takes them only from an OpenSSL configuration that was
there before it was first imported; `net.openssl` brings one.
"""

import ssl

from pillarbox.net.client_hello import CLIENT_HELLO, HANDSHAKE

# IANA's registry of TLS supported groups; only X25519 and P-256 are missing in it.
REFUSED = {
    0x001E: "X448",
    0x0018: "P-384",
    0x0019: "P-521",
    0x0100: "ffdhe2048",
    0x0101: "ffdhe3072",
    0x0102: "ffdhe4096",
    0x0103: "ffdhe6144",
    0x0104: "ffdhe8192",
    0x001A: "brainpoolP256r1",
    0x001B: "brainpoolP384r1",
    0x001C: "brainpoolP512r1",
    0x001F: "brainpoolP256r1tls13",
    0x0020: "brainpoolP384r1tls13",
    0x0021: "brainpoolP512r1tls13",
    0x0200: "MLKEM512",
    0x0201: "MLKEM768",
    0x0202: "MLKEM1024",
    0x11EB: "SecP256r1MLKEM768",
    0x11EC: "X25519MLKEM768",
    0x11ED: "SecP384r1MLKEM1024",
}

# Extensions of RFC 8446, section 4.2.
SUPPORTED_GROUPS, SIGNATURE_ALGORITHMS, SUPPORTED_VERSIONS, KEY_SHARE = 10, 13, 43, 51
SIGNATURES = bytes.fromhex("0403 0503 0603 0807 0808 0804 0805 0806 0809 080a 080b")
SUITES = bytes.fromhex("130213031301")  # the three of TLS 1.3 that every OpenSSL has
LEGACY = bytes.fromhex("0303")
TLS_1_3 = bytes.fromhex("0304")


def surplus_groups(context: ssl.SSLContext) -> list[str]:
    """Return the names of the groups that a server's context agrees to and should not."""
    return [name for group, name in REFUSED.items() if _agrees(context, group)]


def _agrees(context: ssl.SSLContext, group: int) -> bool:
    """Return whether a client that has this group alone, and no key share yet, is answered."""
    arriving, leaving = ssl.MemoryBIO(), ssl.MemoryBIO()
    arriving.write(hello_with(group))
    try:
        context.wrap_bio(arriving, leaving, server_side=True).do_handshake()
    except ssl.SSLWantReadError:
        return True  # it asks for a key share: RFC 8446, section 4.1.4
    except ssl.SSLError:
        return False
    return True


def hello_with(group: int) -> bytes:
    """Return a record with a ClientHello of TLS 1.3 that has one group: RFC 8446, section 4.1.2."""
    extensions = (
        _extension(SUPPORTED_GROUPS, _vector(2, group.to_bytes(2)))
        + _extension(SIGNATURE_ALGORITHMS, _vector(2, SIGNATURES))
        + _extension(SUPPORTED_VERSIONS, _vector(1, TLS_1_3))
        + _extension(KEY_SHARE, _vector(2, b""))
    )
    body = LEGACY + bytes(32) + _vector(1, b"") + _vector(2, SUITES) + _vector(1, b"\0")
    message = bytes([CLIENT_HELLO]) + _vector(3, body + _vector(2, extensions))
    return bytes([HANDSHAKE]) + LEGACY + _vector(2, message)


def _extension(kind: int, octets: bytes) -> bytes:
    return kind.to_bytes(2) + _vector(2, octets)


def _vector(width: int, octets: bytes) -> bytes:
    return len(octets).to_bytes(width) + octets
