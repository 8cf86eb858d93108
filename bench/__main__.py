"""`make bench`: run the measurements one after another; `ARGS` go to each."""

from bench.blobs import compare

if __name__ == "__main__":
    compare.main()
