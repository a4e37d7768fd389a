/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What nghttp3 gets in place of stderr: nothing, for it never prints (CMakeLists.txt says why). */
#include "client/libstun2/package/missing.h"

void *ziglan_no_stderr;
