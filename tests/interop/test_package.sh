#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# What of the Debian packages can be seen without building them (tests/package/run does that): each
# file that they name is installed or in the tree, their scripts are shell, and the list of what is
# inside is SPDX, names each library of deploy/setup, and is the same each time.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/../.."
build=$(dirname "$ZIGLAN_BIN")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
fail() { echo "FAILED: $*"; exit 1; }
for program in cmake python3 readelf dpkg-query; do
    command -v "$program" >/dev/null || { echo "skipped: $program is not installed"; exit 77; }
done

# As debian/rules installs, where this build has the libraries.
triplet=$(cc -print-multiarch 2>/dev/null || true)
for component in '' libstun2-0 libstun2-dev; do
    DESTDIR=$work/tmp cmake --install "$build" --prefix /usr \
        ${component:+--component "$component"} >"$work/log" 2>&1 || fail "$(tail -5 "$work/log")"
done
mkdir -p "$work/tmp/usr/lib/$triplet"
mv "$work"/tmp/usr/lib/libstun2* "$work/tmp/usr/lib/pkgconfig" "$work/tmp/usr/lib/$triplet/"
for list in deploy/debian/*.install; do
    while read -r pattern; do
        compgen -G "$work/tmp/$pattern" >/dev/null || fail "$list: nothing installs $pattern"
    done <"$list"
done
for list in deploy/debian/*.docs deploy/debian/*.examples; do
    while read -r file; do
        [ -s "$file" ] || fail "$list: there is no $file"
    done <"$list"
done
echo "ok: each file of the packages is there"

for script in deploy/debian/*.p*; do
    sh -n "$script" || fail "$script is no shell"
    grep -qx '#DEBHELPER#' "$script" || fail "$script leaves no place for debhelper"
done
echo "ok: scripts of the packages"

prefix=${XDG_CACHE_HOME:-$HOME/.cache}/ziglan/prefix
for out in one two; do
    deploy/sbom --name ziglan --version 1 --architecture "$(dpkg --print-architecture)" \
        --prefix "$prefix" --epoch 1700000000 --out "$work/$out" "$ZIGLAN_BIN/ziglan"
done
cmp "$work/one" "$work/two" || fail "two lists of the same program differ"
python3 - "$work/one" "$prefix/versions" "$ZIGLAN_BIN/ziglan" <<'PYTHON' || fail "the list"
import json, subprocess, sys

listed = json.load(open(sys.argv[1]))
packages = {one["SPDXID"]: one for one in listed["packages"]}
assert listed["spdxVersion"] == "SPDX-2.3" and len(packages) == len(listed["packages"])
ends = {"SPDXRef-DOCUMENT", *packages}
for relation in listed["relationships"]:
    assert {relation["spdxElementId"], relation["relatedSpdxElement"]} <= ends, relation
kinds = {}
for relation in listed["relationships"]:
    kinds.setdefault(relation["relationshipType"], []).append(
        packages[relation["relatedSpdxElement"]])
inside = {(one["name"], one["versionInfo"]) for one in kinds["STATIC_LINK"]}
wanted = {tuple(line.split()[:2]) for line in open(sys.argv[2])}
assert inside == wanted, (inside, wanted)
needed = subprocess.run(["readelf", "-d", sys.argv[3]], check=True, capture_output=True, text=True)
assert "libev.so" in needed.stdout
assert any(one["name"].startswith("libev") and one["versionInfo"] for one in kinds["DYNAMIC_LINK"])
assert "libc6" in {one["name"] for one in kinds["DYNAMIC_LINK"]}
PYTHON
echo "ok: the list of what is inside"

# A program that is linked statically: the linker's map says which libraries are in it.
library=$(dpkg -L libev-dev | grep '/libev\.a$')
printf '%s\n' 'Archive member included to satisfy reference by file (symbol)' '' \
    "$library(ev.o)" '                     main.o (ev_run)' 'Memory Configuration' \
    "/nowhere/libother.a(other.o)" >"$work/map"
deploy/sbom --name ziglan --version 1 --architecture "$(dpkg --print-architecture)" \
    --prefix "$prefix" --epoch 1700000000 --out "$work/three" --licenses "$work/licenses" \
    --map "$work/map" -- "$work/map"
python3 - "$work/three" "$(dpkg-query -W -f '${Version}' libev-dev)" <<'PYTHON' || fail "static"
import json, sys

listed = json.load(open(sys.argv[1]))
found = {one["name"]: one for one in listed["packages"]}
assert found["libev-dev"]["versionInfo"] == sys.argv[2]
kinds = {one["relatedSpdxElement"]: one["relationshipType"] for one in listed["relationships"]}
assert kinds[found["libev-dev"]["SPDXID"]] == "STATIC_LINK"
PYTHON
grep -q 'Redistribution' "$work/licenses/libev-dev" || fail "the licence of libev is missing"
echo "ok: the list of what is in a static program"
