"""Why a session refuses something, in words: for POP3 with its code, for POP1 and POP2 without."""

from pillarbox.base.words import N_
from pillarbox.sasl.exchange import Refusal
from pillarbox.server.effects import Closed
from pillarbox.wire.pop3.events import Fault
from pillarbox.wire.pop3.replies import Code

FAULTS = {
    Fault.TOO_LONG: N_("Line too long."),
    Fault.UNKNOWN: N_("Unknown command."),
    Fault.WRONG_STATE: N_("Not in this state."),
    Fault.ARGUMENTS: N_("Bad arguments."),
    Fault.NO_NAME: N_("Send USER first."),
    Fault.NOT_BASE64: N_("Not base64."),
    Fault.CANCELLED: N_("Cancelled."),
}
REFUSALS: dict[Refusal | Closed, tuple[str, Code | None]] = {
    Refusal.NOT_ACCEPTED: (N_("Name or password not accepted."), Code.AUTH),
    Refusal.TRY_LATER: (N_("Try again later."), Code.SYS_TEMP),
    Refusal.TELL_ADMINISTRATOR: (N_("The server needs its administrator."), Code.SYS_PERM),
    Refusal.BAD_RESPONSE: (N_("Bad response."), None),
    Closed.IN_USE: (N_("Another session has the maildrop."), Code.IN_USE),
    Closed.NOT_ACCEPTED: (N_("Name or password not accepted."), Code.AUTH),
    Closed.LOGIN_DELAY: (N_("The last login was too short a time ago."), Code.LOGIN_DELAY),
    Closed.TRY_LATER: (N_("Try again later."), Code.SYS_TEMP),
}
# Not "nothing was removed": a commit whose last sync failed may yet be there after a crash. RFC
# 1939, section 6 wants an error, and the next login tells.
REMOVAL_FAILED = N_("The removal failed. Log in again to see what is left.")
