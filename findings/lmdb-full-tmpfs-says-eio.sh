#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# A transaction of LMDB that finds no more room on the file system fails with "Input/output error",
# not with "No space left on device".
#
# Seen with LMDB 0.9.24 (python3-lmdb 1.4.0 of Debian 12 links it) on tmpfs. The library writes
# pages that lie side by side in one call. If some of them still find room, the kernel says how many
# bytes it took, and the library makes EIO of that; ENOSPC appears only where not one page found
# room.
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
need_root
finding_package python3-lmdb 1.4.0-1+b1
finding_package liblmdb0 0.9.24-1

mkdir "$WORK/full"
mount -t tmpfs -o size=1m tmpfs "$WORK/full" || cannot "no tmpfs"
seen=$(LD_LIBRARY_PATH=$(dirname "$(find "$WORK/root" -name 'liblmdb.so.0*' | sed -n 1p)") \
    PYTHONPATH=$WORK/root/usr/lib/python3/dist-packages /usr/bin/python3 - "$WORK/full" <<'PYTHON'
import sys, lmdb
env = lmdb.open(sys.argv[1], map_size=64 << 20)
try:
    with env.begin(write=True) as txn:
        for i in range(1000):
            txn.put(b"%08d" % i, b"x" * 2000)
    print("no error")
except lmdb.Error as error:
    print(str(error).split(": ")[-1])
PYTHON
) || cannot "python3-lmdb does not run"
expect "the error of a full file system" "Input/output error" "$seen"
finding_end
