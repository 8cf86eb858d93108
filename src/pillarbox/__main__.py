"""`python -m pillarbox` is `pillarbox`."""

from pillarbox.cli.main import main

main()
