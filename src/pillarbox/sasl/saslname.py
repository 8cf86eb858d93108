"""A name inside a GS2 header or a SCRAM message, where `,` and `=` mean something: RFC 5802."""

SASLNAME = r"(?:[^\0,=]|=2C|=3D)+"  # section 7; lower-case hexadecimal is no escape


def escape(name: str) -> str:
    """Return the name as it is sent."""
    return name.replace("=", "=3D").replace(",", "=2C")


def unescape(name: str) -> str:
    """Return the name that was sent; it is a SASLNAME."""
    return name.replace("=2C", ",").replace("=3D", "=")
