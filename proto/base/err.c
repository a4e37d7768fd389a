/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Results in words; the order is that of the enum. */
#include "proto/base/err.h"

const char *err_name(int err)
{
    static const char *const names[] = {"ok", "drop", "session", "limit", "nomem", "system"};

    if (err < 0 || (unsigned)err >= sizeof(names) / sizeof(names[0])) {
        return "unknown";
    }
    return names[err];
}
