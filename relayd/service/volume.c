/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One row in the table of single values. */
#include "relayd/service/volume.h"

#include <string.h>

static const char row_key[] = "volume";

void volume_load(struct relay_base *base, struct store *store)
{
    uint8_t row[ALLOTMENT_ROW_SIZE];
    size_t size = STORE_NONE;
    int rc = store_read_sized(store, STORE_TABLE_META, row_key, strlen(row_key), row, sizeof(row),
                              sizeof(row), &size);

    if (rc != ERR_OK) {
        env_trace(&base->env, TRACE_LEVEL_WARN, "volume.load",
                  "why=\"the store does not give what was used in this month; counting begins at "
                  "0\"");
    } else if (size != STORE_NONE) {
        allotment_load(&base->allotment, row, size);
    }
}

void volume_keep(struct relay_base *base, struct store *store)
{
    uint8_t row[ALLOTMENT_ROW_SIZE];

    allotment_tick(&base->allotment, env_wall_ms(&base->env));
    if (base->allotment.limits.bytes_per_month == 0) {
        return;
    }
    allotment_save(&base->allotment, row);
    store_health_note(&base->health, store_write(store, STORE_TABLE_META, row_key, strlen(row_key),
                                                 row, sizeof(row)) == ERR_OK
                                         ? VERDICT_OK
                                         : VERDICT_UNAVAILABLE);
}
