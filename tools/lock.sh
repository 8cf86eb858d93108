#!/bin/sh
# Make the locks anew: every Python from 3.11 on, every hash, no word of where they came from.
# usage: tools/lock.sh UV [--upgrade]
set -eu
uv=$1
shift
compile() {
    output=$1
    shift
    "$uv" pip compile --no-config --universal --python-version 3.11 --generate-hashes \
        --no-emit-index-url --no-emit-find-links --no-header --quiet \
        --output-file "$output" "$@" pyproject.toml
}
compile requirements/run.txt --group build "$@"
compile requirements/dev.txt --group build --group dev --constraint requirements/run.txt "$@"
