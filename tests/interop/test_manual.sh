#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Manuals and completions say what --help says: deploy/manual would write the same. The manuals are
# good roff, and bash completes verbs, options, files and peers by them; zsh and fish read theirs.
set -u
root=$(cd "$(dirname "$0")/../.." && pwd)
bin=${ZIGLAN_BIN:?set ZIGLAN_BIN to the folder of the built programs}
failures=0
fail() { echo "FAIL: $*" >&2; failures=$((failures + 1)); }

"$root/deploy/manual" --check "$bin" ||
    fail "run: deploy/manual $bin"
for page in "$root"/deploy/man/*.[158]; do
    if command -v groff >/dev/null; then
        said=$(groff -man -Tutf8 -ww -z "$page" 2>&1)
        [ -z "$said" ] || fail "$page: $said"
    fi
    grep -q '^\.SH NAME' "$page" || fail "$page has no name"
done

# What is offered behind these words; the last one is the word that is being written.
offered() { # words...
    bash -c '. "$1/deploy/completion/$2.bash"; shift
        COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
        "_$1" "$1" "${@: -1}" "${@: -2:1}"
        printf "%s\n" "${COMPREPLY[@]}"' bash "$root" "$@"
}
offers() { # wanted words...
    local wanted=$1
    shift
    offered "$@" | grep -x -- "$wanted" >/dev/null || fail "'$*' is not completed to $wanted"
}
offers status ziglan st
offers netcheck ziglan ''
offers --json ziglan status --
offers --bundle ziglan doctor --b
offers add ziglan peer a
offers members relayd mem
offers --expires relayd invite --e
offers --config relayd members --
offers "$root/README.md" relayd import "$root/READ"
[ -z "$(offered relayd status --und)" ] || fail "an option of another verb is offered"
ziglan() { echo '  "name": "nas",'; }
export -f ziglan
offers nas ziglan ping n
for shell in zsh fish; do
    command -v $shell >/dev/null || continue
    for program in ziglan relayd; do
        file=$root/deploy/completion/_$program
        [ $shell = zsh ] || file=$root/deploy/completion/$program.fish
        $shell -n "$file" || fail "$shell does not read $file"
    done
done
[ $failures = 0 ] && echo "all is well"
exit $((failures > 0))
