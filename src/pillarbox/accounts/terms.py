"""What holds for all who may log in, as CAPA announces it before login. RFC 2449, 6.5 and 6.7."""

from pillarbox.db.sqlite import Database
from pillarbox.wire.pop3.capa import Terms

FOR_EVER = 1_000_000  # days: more than any setting
# As store/views/policy.py reckons for one view; a test holds them together.
TERMS = """
    SELECT min(days), max(days), min(seconds), max(seconds) FROM (
        SELECT CASE WHEN removes_what_all_have THEN 0 ELSE min(
                coalesce(nullif(coalesce(accounts.retention_days, ?1), 0), ?3),
                coalesce(views.retention_days, ?3), coalesce(window_days, ?3)
            ) END AS days,
            coalesce(login_delay_seconds, ?2) AS seconds
        FROM accounts JOIN views ON views.account_id = accounts.id
        LEFT JOIN devices ON devices.id = views.device_id
        WHERE state = 'enabled' AND revoked_at IS NULL
    )
"""


def read_terms(database: Database, retention_days: int, login_delay_seconds: int) -> Terms:
    """Return the fewest days and the longest delay of all views; raises StoreFault.

    The arguments are the site's, for accounts that have none of their own; 0 is for ever.
    """
    with database.reading() as rows:
        found = rows.one(TERMS, retention_days, login_delay_seconds, FOR_EVER)
    fewest, most, shortest, longest = found or (None,) * 4
    if fewest is None:  # nobody is there yet
        return Terms(retention_days or None, login_delay_seconds)
    days = None if fewest == FOR_EVER else fewest
    return Terms(days, longest, fewest != most, shortest != longest)
