"""A renewal of tokens that is killed at its n-th call.

    python -m tests.durability.cut_renewal N HOME

HOME has a remote `there` whose tokens have run out. The calls: each statement of a transaction, the
question to the authorization server, and its answer. Ends with 0 where there is no n-th.
"""

import sys
from pathlib import Path
from unittest.mock import patch

from pillarbox.accounts.oauth.kept import Grants
from pillarbox.app.build import opened
from pillarbox.app.home import Home
from pillarbox.base.secret import Secret
from pillarbox.net.post_form import WebAnswer, post_body
from tests.durability.cut_store import Cut, database_cut_by


def main(when: int, home: Path) -> None:
    """Renew, and be killed on the way."""
    cut = Cut(when, kills=True)

    def post(url: str, form: Secret) -> WebAnswer:
        cut.here()
        answer = post_body(url, form)
        cut.here()
        return answer

    with patch("pillarbox.app.build.Database", database_cut_by(cut)), opened(Home(home)) as system:
        grants = Grants(system.remotes, system.clock, system.turns, post)
        grants.token(system.remotes.show("there"))


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]))
