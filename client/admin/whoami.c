/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The fields that say who a host is. */
#include "client/admin/whoami.h"

json_t *whoami_fields(const uint8_t key[KEY_SIZE], const char *name)
{
    char text[KEY_TEXT_SIZE];
    char base58[KEY_BASE58_SIZE];

    return json_pack("{s:i, s:s, s:s, s:s}", "schema", WHOAMI_SCHEMA, "key", key_text(key, text),
                     "solana", key_base58(key, base58), "name", name);
}
