"""What a session leaves in doubt that did not end as it should. Pure.

Replies belong to commands by their order alone. A server that passes one over has all later
messages come under the names of others, and then both sides wait; one that does not stuff its dots
ends a message early, and what is left of it is no reply. What is in doubt is fetched again, and not
removed before.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

from pillarbox.archive.keep import Filed
from pillarbox.base.errors import Fault
from pillarbox.client.faults import PipeliningFault
from pillarbox.net.deadline import TooSlowFault
from pillarbox.wire.pop3.answers import GarbageFault, ReplyTooLongFault, UnsolicitedFault

NO_REPLY = (GarbageFault, ReplyTooLongFault, UnsolicitedFault)
LAST = 2  # messages: the one that was to come, and the one before it


def in_doubt(
    fault: Fault | None,
    asked: Mapping[int, int | None],
    filed: Mapping[int, Filed],
    to_come: Iterable[int] | None = None,
) -> list[str]:
    """Return the names of what is kept and may be another message, or a part of one.

    `asked` has the octets that were listed of each message, by number, in the order in which they
    came. `to_come` has those of the messages that were to come where the session broke between two
    messages, None where it broke within one.
    """
    if isinstance(fault, PipeliningFault):
        return [message.unique_id for message in filed.values()]
    if fault is None:
        return []
    if isinstance(fault, NO_REPLY):
        numbers = suspects(asked, filed)
    else:
        numbers = list(_since_last_proof(asked, filed, [*asked.values(), *(to_come or [])]))
        # Our wait is shorter than a server's (RFC 1939, section 3: ten minutes), and so ends it.
        has_waited = to_come is not None and isinstance(fault, TooSlowFault)
        if not has_waited:
            numbers = [n for n in numbers if _is_other(asked.get(n), filed[n])]
    return [filed[number].unique_id for number in sorted(numbers)]


def suspects(asked: Mapping[int, int | None], filed: Mapping[int, Filed]) -> list[int]:
    """Return what may be a part of a message where what comes behind it is no reply."""
    last = list(asked)[-LAST:]
    return [n for n in filed if n in last or _is_other(asked.get(n), filed[n])]


def _is_other(octets: int | None, message: Filed) -> bool:
    return (octets or message.octets) != message.octets


def _since_last_proof(
    asked: Mapping[int, int | None], filed: Mapping[int, Filed], listed: Iterable[int | None]
) -> Iterator[int]:
    """Yield what came behind the last message that has as many octets as no other is listed with.

    Once a reply was passed over, no message comes under its own name any more.
    """
    times = Counter(listed)
    for number in reversed([number for number in asked if number in filed]):
        octets = asked[number]
        if octets and octets == filed[number].octets and times[octets] == 1:
            return
        yield number
