"""`make bench`: run the measurements one after another; `ARGS` go to each.

`python -m bench.collect` has options of its own.
"""

from bench.blobs import compare
from bench.collect.__main__ import main as collect

if __name__ == "__main__":
    compare.main()
    collect()
