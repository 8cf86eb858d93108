"""What a session leaves in doubt that did not end as it should. Pure.

Replies belong to commands by their order alone. A server that passes one over has all later
messages come under the names of others; one that does not stuff its dots ends a message early, and
what is left of it is no reply. What is in doubt is fetched again, and not removed before.
"""

from collections.abc import Mapping

from pillarbox.archive.keep import Filed
from pillarbox.base.errors import Fault
from pillarbox.client.faults import PipeliningFault
from pillarbox.net.deadline import TooSlowFault
from pillarbox.wire.pop3.answers import GarbageFault, ReplyTooLongFault, UnsolicitedFault

NO_REPLY = (GarbageFault, ReplyTooLongFault, UnsolicitedFault)
LAST = 2  # messages: the one that was to come, and the one before it


def in_doubt(
    fault: Fault | None, asked: Mapping[int, int | None], filed: Mapping[int, Filed]
) -> list[str]:
    """Return the names of what is kept and may be another message, or a part of one.

    `asked` has the octets that were listed of each message, by number, in the order in which they
    came.
    """
    if isinstance(fault, PipeliningFault):
        return [message.unique_id for message in filed.values()]
    if not isinstance(fault, (TooSlowFault, *NO_REPLY)):
        return []
    last = list(asked)[-LAST:] if isinstance(fault, NO_REPLY) else []
    return [
        message.unique_id
        for number, message in filed.items()
        if number in last or (asked.get(number) or message.octets) != message.octets
    ]
