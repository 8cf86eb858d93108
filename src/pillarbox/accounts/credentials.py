"""What a password is tried against: verifiers by scheme, replaced all together.

One password may have several verifiers, one for each scheme that can use it, since none of them
can be made from another.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from pillarbox.base.names import AccountId
from pillarbox.db.sqlite import Rows


@dataclass(frozen=True, slots=True)
class Verifier:
    """Proves a password without holding it; out of logs all the same: it can be guessed against."""

    scheme: str
    text: str = field(repr=False)


def replace_verifiers(
    rows: Rows, account: AccountId, verifiers: Iterable[Verifier], now: int
) -> None:
    """Put these in the place of all that the account has."""
    drop_verifiers(rows, account)
    rows.run_each(
        "INSERT INTO credentials (account_id, scheme, verifier, created_at) VALUES (?, ?, ?, ?)",
        [(account, verifier.scheme, verifier.text, now) for verifier in verifiers],
    )


def drop_verifiers(rows: Rows, account: AccountId) -> None:
    """Leave the account without a way to log in."""
    rows.run("DELETE FROM credentials WHERE account_id = ?", account)
