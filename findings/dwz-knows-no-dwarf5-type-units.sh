#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# dwz, which debhelper runs over every program that it packs, fails on debug information of DWARF 5
# that gcc wrote with -fdebug-types-section. With DWARF 4 it takes the same option.
#
# Seen with dwz 0.15 and gcc 12 of Debian 12. Type units moved from a section of their own
# (.debug_types, which dwz reads) into .debug_info in DWARF 5, which gcc writes since version 11; a
# unit of this kind ends dwz with exit code 1, and so the whole build of the package.
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
command -v gcc >/dev/null || cannot "needs gcc"
finding_package dwz 0.15-1
finding_package libelf1 0.188-2.1
finding_package libxxhash0 0.8.1-1

printf 'struct pair { int a, b; };\nstruct pair one;\nint main(void) { return one.a; }\n' \
    >"$WORK/one.c"
libraries=$(dirname "$(find "$WORK/root" -name 'libelf.so.1' | sed -n 1p)")
for version in 4 5; do
    gcc -gdwarf-$version -fdebug-types-section -o "$WORK/with-$version" "$WORK/one.c" ||
        cannot "gcc cannot"
    seen=0
    LD_LIBRARY_PATH=$libraries "$WORK/root/usr/bin/dwz" -o "$WORK/out" "$WORK/with-$version" \
        2>"$WORK/said" || seen=$?
    case $version in
    4) expect "exit code with DWARF 4" 0 "$seen" ;;
    5)
        expect "exit code with DWARF 5" 1 "$seen"
        expect "what it says" "DWARF CU type DW_UT_type unhandled" \
            "$(sed -n 's/.*: \(DWARF CU .*\)/\1/p' "$WORK/said")"
        ;;
    esac
done
finding_end
