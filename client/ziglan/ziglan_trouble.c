/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A code is set together with its detail, and the former one is forgotten. */
#include "client/ziglan/ziglan_trouble.h"

#include <stdio.h>

void ziglan_trouble_set(struct ziglan_trouble *trouble, enum ziglan_trouble_code code)
{
    ziglan_trouble_set_detail(trouble, code, "");
}

void ziglan_trouble_set_detail(struct ziglan_trouble *trouble, enum ziglan_trouble_code code,
                               const char *detail)
{
    trouble->code = code;
    trouble->ahead_ms = 0;
    (void)snprintf(trouble->detail, sizeof(trouble->detail), "%s", detail);
}
