/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The health of the store, learned from the verdicts of those who use it. */
#include "relayd/base/store_health.h"

#include "proto/base/bytes.h"

void store_health_init(struct store_health *health, struct store *store,
                       struct relay_counters *counters, const struct env *env)
{
    *health = (struct store_health){.env = env, .counters = counters, .store = store, .ok = true};
}

void store_health_note(struct store_health *health, enum verdict verdict)
{
    bool ok = verdict == VERDICT_OK;

    if (verdict == VERDICT_UNAVAILABLE) {
        health->counters->store_failures++;
    } else if (!ok) {
        return; /* refused before anything was written */
    }
    if (ok != health->ok) {
        env_trace(health->env, ok ? TRACE_LEVEL_INFO : TRACE_LEVEL_ERROR, "store.health",
                  "storage=%s",
                  ok ? "works_again"
                     : "fails hint=\"is the disk full? joins are refused, the rest goes on\"");
    }
    health->ok = ok;
}

void store_health_try(struct store_health *health)
{
    static const char name[] = "relay.health";
    uint8_t value[8];

    be64_write(value, env_wall_ms(health->env));
    if (!health->ok && store_write(health->store, STORE_TABLE_META, name, sizeof(name) - 1, value,
                                   sizeof(value)) == ERR_OK) {
        store_health_note(health, VERDICT_OK);
    }
}
