"""The states of a session and the one table of what moves it from one to the next.

RFC 1939, sections 4 to 6: AUTHORIZATION until somebody is admitted, TRANSACTION until QUIT, UPDATE
while what was marked is removed. Whatever is not in the table cannot happen.
"""

from enum import Enum, auto

from pillarbox.base.errors import Bug


class State(Enum):
    """Where a session is; each command belongs to some of these."""

    AUTHORIZATION = auto()
    TRANSACTION = auto()
    UPDATE = auto()
    CLOSED = auto()


class Outcome(Enum):
    """What happened to a session."""

    ADMITTED = auto()  # a name and a secret were accepted and the maildrop's lease was taken
    SECURED = auto()  # TLS began
    QUIT = auto()
    UPDATED = auto()  # the removal ended, well or not
    ENDED = auto()  # the connection is over; RFC 1939, section 6: nothing is removed


TRANSITIONS = {
    (State.AUTHORIZATION, Outcome.ADMITTED): State.TRANSACTION,
    (State.AUTHORIZATION, Outcome.SECURED): State.AUTHORIZATION,
    (State.AUTHORIZATION, Outcome.QUIT): State.CLOSED,
    (State.AUTHORIZATION, Outcome.ENDED): State.CLOSED,
    (State.TRANSACTION, Outcome.QUIT): State.UPDATE,
    (State.TRANSACTION, Outcome.ENDED): State.CLOSED,
    (State.UPDATE, Outcome.UPDATED): State.CLOSED,
    (State.UPDATE, Outcome.ENDED): State.CLOSED,
}


def moved(state: State, outcome: Outcome) -> State:
    """Return the state that follows; raises Bug where the table has no such move."""
    try:
        return TRANSITIONS[state, outcome]
    except KeyError:
        raise Bug("{outcome} cannot happen in {state}.", outcome=outcome, state=state) from None
