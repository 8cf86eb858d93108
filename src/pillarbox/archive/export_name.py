"""The name of a message outside of the archive: unique in a home, the same in every export."""

import re

from pillarbox.archive.listing import Archived

# A unique-id that we made. One of another server may be another account's too, or hold a slash.
OURS = re.compile(r"[a-z2-7]{26}")


def export_name(message: Archived) -> str:
    """Return lower-case letters, digits and `-`."""
    is_ours = OURS.fullmatch(message.unique_id) is not None
    return message.unique_id if is_ours else f"message-{message.id}"
