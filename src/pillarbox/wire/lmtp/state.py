"""The states of a session and the one table of what moves it from one to the next.

RFC 2033, section 4, over RFC 5321, section 4.1.4. Whatever is not in the table cannot happen.
"""

from enum import Enum, auto

from pillarbox.base.errors import Bug


class State(Enum):
    """Where a session is; each command belongs to some of these."""

    GREETED = auto()  # no LHLO yet
    READY = auto()
    SENDER = auto()  # MAIL was accepted, no recipient yet
    RECIPIENTS = auto()  # at least one RCPT was accepted
    DATA = auto()
    CLOSED = auto()


class Outcome(Enum):
    """What happened to a session."""

    HELLO = auto()
    SENDER = auto()
    RECIPIENT = auto()
    RESET = auto()
    DATA_BEGUN = auto()
    DATA_ENDED = auto()  # every recipient has its reply
    ENDED = auto()


TRANSITIONS = {
    (State.GREETED, Outcome.HELLO): State.READY,
    (State.GREETED, Outcome.RESET): State.GREETED,
    (State.GREETED, Outcome.ENDED): State.CLOSED,
    (State.READY, Outcome.HELLO): State.READY,
    (State.READY, Outcome.SENDER): State.SENDER,
    (State.READY, Outcome.RESET): State.READY,
    (State.READY, Outcome.ENDED): State.CLOSED,
    # RFC 5321, section 4.1.4: a second LHLO resets as RSET does.
    (State.SENDER, Outcome.HELLO): State.READY,
    (State.SENDER, Outcome.RECIPIENT): State.RECIPIENTS,
    (State.SENDER, Outcome.RESET): State.READY,
    (State.SENDER, Outcome.ENDED): State.CLOSED,
    (State.RECIPIENTS, Outcome.HELLO): State.READY,
    (State.RECIPIENTS, Outcome.RECIPIENT): State.RECIPIENTS,
    (State.RECIPIENTS, Outcome.RESET): State.READY,
    (State.RECIPIENTS, Outcome.DATA_BEGUN): State.DATA,
    (State.RECIPIENTS, Outcome.ENDED): State.CLOSED,
    (State.DATA, Outcome.DATA_ENDED): State.READY,
    (State.DATA, Outcome.ENDED): State.CLOSED,
}


def moved(state: State, outcome: Outcome) -> State:
    """Return the state that follows; raises Bug where the table has no such move."""
    try:
        return TRANSITIONS[state, outcome]
    except KeyError:
        raise Bug("{outcome} cannot happen in {state}.", outcome=outcome, state=state) from None
