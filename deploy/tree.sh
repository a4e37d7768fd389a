# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# The tree as it is packed: its files, its version and its time. Sourced, with the tree in $root.

tree_in_git() { [ -e "$root/.git" ] && git -C "$root" rev-parse -q --verify HEAD >/dev/null 2>&1; }

# Names of all files, each with a NUL behind it, without what was built among them.
tree_files() {
    if tree_in_git; then
        git -C "$root" ls-files -z --cached --others --exclude-standard
    else
        (cd "$root" && find . -path ./build -prune -o -type f -print0)
    fi
}

# The time that everything packed has: the commit's, else that of the newest file.
tree_epoch() {
    if [ -n "${SOURCE_DATE_EPOCH:-}" ]; then
        echo "$SOURCE_DATE_EPOCH"
    elif tree_in_git; then
        git -C "$root" log -1 --format=%ct
    else
        tree_files | (cd "$root" && xargs -0 stat -c %Y) | sort -n | tail -1
    fi
}

# 0.1.0 where the commit has that tag; else one that is newer than 0.1.0 and older than the next.
# ZIGLAN_VERSION names it for a tree without git.
tree_version() { # epoch
    local version
    if [ -n "${ZIGLAN_VERSION:-}" ]; then
        echo "$ZIGLAN_VERSION"
        return
    fi
    version=$(sed -n 's/^project(ziglan VERSION \([0-9.]*\).*/\1/p' "$root/CMakeLists.txt")
    if tree_in_git &&
        [ "$(git -C "$root" describe --tags --exact-match 2>/dev/null)" != "v$version" ]; then
        version+=+$(date -u -d "@$1" +%Y%m%d.%H%M%S).$(git -C "$root" rev-parse --short=8 HEAD)
        [ -z "$(git -C "$root" status --porcelain)" ] || version+=.changed
    fi
    echo "$version"
}

tree_copy() { # folder
    mkdir -p "$1"
    tree_files |
        (cd "$root" && xargs -0 sh -c 'for f; do [ ! -e "$f" ] || printf "%s\0" "$f"; done' -) |
        tar -C "$root" --null --no-recursion -T - -cf - | tar -C "$1" -xf -
}

# Where deploy/setup put the libraries for an architecture, and what runs its programs here: sets
# `prefix` and `emulator` (an array, empty for the machine's own).
tree_target() { # architecture [name of the prefix]
    prefix=${XDG_CACHE_HOME:-$HOME/.cache}/ziglan/${2:-prefix}
    emulator=()
    if [ "$1" != "$(dpkg --print-architecture)" ]; then
        prefix=$prefix.$1
        case $1 in
        amd64) emulator=(qemu-x86_64) ;;
        arm64) emulator=(qemu-aarch64) ;;
        esac
    fi
}
