/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One object for each kind of mapping. */
#include "client/admin/lifetime_report.h"

#include "proto/base/wall_text.h"

enum { SCHEMA = 1 };

static json_t *span_json(const struct lifetime_span *span)
{
    return json_pack("{s:I, s:I, s:I}", "ms", (json_int_t)lifetime_span_ms(span), "alive_ms",
                     (json_int_t)span->alive_ms, "gone_ms", (json_int_t)span->dead_ms);
}

static const char *answered_word(enum lifetime_answered answered)
{
    static const char *const words[] = {
        [LIFETIME_ANSWERED_UNKNOWN] = "unknown",
        [LIFETIME_ANSWERED_AS_QUIET] = "unanswered",
        [LIFETIME_ANSWERED_AS_KEPT] = "kept",
        [LIFETIME_ANSWERED_AS_BOTH] = "both",
    };

    return words[answered];
}

static json_t *inbound_json(enum lifetime_inbound inbound)
{
    return inbound == LIFETIME_INBOUND_UNKNOWN ? json_null()
                                               : json_boolean(inbound == LIFETIME_INBOUND_YES);
}

static json_t *found_json(const struct lifetime_found *found)
{
    return json_pack("{s:o, s:o, s:s, s:o}", "kept", span_json(&found->kept), "unanswered",
                     span_json(&found->quiet), "answered_once", answered_word(found->answered),
                     "inbound_keeps", inbound_json(found->inbound));
}

json_t *lifetime_report(const struct lifetime_found *found, uint32_t age_ms)
{
    return json_pack("{s:i, s:b, s:I, s:b, s:o}", "schema", SCHEMA, "pending", (int)(age_ms > 0),
                     "age_ms", (json_int_t)age_ms, "unable", (int)found->unable, "lifetime",
                     found_json(found));
}

json_t *lifetime_known_json(struct host_core *core)
{
    const struct network_lifetime *known = host_core_lifetime(core);
    char text[WALL_TEXT_SIZE];
    json_t *object;

    if (known == NULL) {
        return json_null();
    }
    object = found_json(&known->found);
    (void)json_object_set_new(object, "measured_at",
                              json_string(wall_text(known->measured_ms, text)));
    return object;
}

json_t *lifetime_keepalive_json(const struct host_core *core)
{
    const struct keepalive *keepalive = host_core_keepalive(core);

    return json_pack("{s:I, s:I}", "young_ms", (json_int_t)keepalive->young_ms, "kept_ms",
                     (json_int_t)keepalive->kept_ms);
}
