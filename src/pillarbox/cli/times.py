"""Times as people write them."""

import re
from datetime import UTC, datetime, timedelta

from pillarbox.base.errors import OperatorFault

AGO = re.compile(r"([0-9]{1,6})([dhm])", re.ASCII)
UNITS = {"d": "days", "h": "hours", "m": "minutes"}


def read_time(text: str, now: float) -> int:
    """Return a time in seconds since 1970: a date, a date and time, or so long ago (`7d`, `24h`).

    What names no zone is UTC, as all that is shown is. Raises OperatorFault.
    """
    ago = AGO.fullmatch(text)
    try:
        if ago:
            before = timedelta(**{UNITS[ago[2]]: int(ago[1])})
            return int((datetime.fromtimestamp(now, UTC) - before).timestamp())
        time = datetime.fromisoformat(text)
        return int((time if time.tzinfo else time.replace(tzinfo=UTC)).timestamp())
    except (ValueError, OverflowError):
        raise OperatorFault(
            "{text!r} is no time. Write 2026-11-23, 2026-11-23T14:30, 7d, 24h or 30m.", text=text
        ) from None
