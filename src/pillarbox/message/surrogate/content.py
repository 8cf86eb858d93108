"""What a header block says of the body below it: RFC 2045, as far as finding more headers needs."""

import re
from dataclasses import dataclass

from pillarbox.message.surrogate.fields import fields, name_of, value_of
from pillarbox.message.surrogate.parameters import parameters

BOUNDARY_OCTETS = 200  # RFC 2046, section 5.1.1, allows 70; some programs write more
MEDIA_TYPE = re.compile(r"[ \t]*([^\s;/()]+)/([^\s;/()]+)")
GLOBAL = re.compile(rb"(?i)(content-type[ \t]*:\s*message/)global(?=[\s;(])")
IDENTITY = frozenset(("", "7bit", "8bit", "binary"))  # RFC 2045, section 6.2


@dataclass(frozen=True, slots=True)
class Content:
    """A body: a multipart with its boundary, a message, or, where it is neither, octets."""

    boundary: bytes | None = None
    is_digest: bool = False  # RFC 2046, section 5.1.5: its parts are messages unless they say more
    is_message: bool = False
    is_said: bool = False  # there was a Content-Type


def content_of(block: bytes) -> Content:
    """Return what a block's fields say; the first of each name counts. Never raises."""
    found: dict[str, str] = {}
    if b"content-type" not in block.lower():
        return Content()
    for field in fields(block):
        name = name_of(field)
        if name in {"content-type", "content-transfer-encoding"}:
            found.setdefault(name, value_of(field))
    if "content-type" not in found:
        return Content()
    return _content(found["content-type"], found.get("content-transfer-encoding", ""))


def as_rfc822(block: bytes) -> bytes:
    """Return the block; it says `message/rfc822` where it said `message/global`: RFC 6532, 3.7."""
    return b"".join(GLOBAL.sub(rb"\1rfc822", field, count=1) for field in fields(block))


def _content(content_type: str, encoding: str) -> Content:
    value, found = parameters(content_type)
    match = MEDIA_TYPE.match(value)
    main, sub = (match[1].lower(), match[2].lower()) if match else ("", "")
    if main == "multipart":
        said = next((each.value for each in found if each.name.lower() == "boundary"), "")
        boundary = said.rstrip(" \t").encode("latin-1")
        is_known = 0 < len(boundary) <= BOUNDARY_OCTETS
        return Content(boundary if is_known else None, sub == "digest", is_said=True)
    is_message = main == "message" and sub in {"rfc822", "global"}
    is_open = encoding.strip(" \t").lower() in IDENTITY
    return Content(is_message=is_message and is_open, is_said=True)
