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
        --no-emit-index-url --no-emit-find-links --no-header --quiet --output-file "$output" "$@"
}
ours="pyproject.toml --group build"
# shellcheck disable=SC2086  # one word for each argument
compile requirements/run.txt $ours "$@"
# shellcheck disable=SC2086
compile requirements/dev.txt $ours --group dev --constraint requirements/run.txt "$@"
compile requirements/sslyze.txt requirements/sslyze.in "$@"
