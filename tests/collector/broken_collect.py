"""`pillarbox`, wrong on purpose: a test that does not catch it proves nothing. ... WAY [WORD]...

`trusting` believes that replies come to the right commands whatever else goes wrong, `doubling`
does not know content that it has.
"""

import sys
from unittest.mock import patch

from pillarbox.archive import keep
from pillarbox.archive.troubles import Troubles
from pillarbox.cli.main import main
from pillarbox.collector.session import Session

DOUBLING = keep.KNOWN.replace("WHERE", "WHERE 0 AND")

if __name__ == "__main__":
    if sys.argv.pop(1) == "trusting":
        patch.object(Session, "in_doubt", lambda *_: []).start()
        patch.object(Troubles, "doubt_unended", lambda *_: None).start()
    else:
        patch.object(keep, "KNOWN", DOUBLING).start()
    main()
