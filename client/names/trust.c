/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Looks for members whose name means another key, in all ziglans. */
#include "client/names/trust.h"

#include "proto/crypto/key_form.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

/* What was found of a text. */
struct fit {
    struct ziglan *ziglan;
    const struct roster_member *member;
    size_t
        conflicts; /* members whose name means another key; member is one of them, if there are */
};

/* True if the text names the member: by its key, its name, or its name in this ziglan. */
static bool is_named(const struct ziglan *ziglan, const struct roster_member *member,
                     const char *text)
{
    size_t size = strlen(member->name);

    if (key_begins(member->key, text)) {
        return true;
    }
    return strncasecmp(text, member->name, size) == 0 &&
           (text[size] == '\0' ||
            (text[size] == '.' && strcasecmp(text + size + 1, ziglan->record.name) == 0));
}

static struct fit find(const struct ziglan_list *ziglans, const char *text)
{
    struct fit fit = {0};
    struct ziglan *ziglan;

    TAILQ_FOREACH(ziglan, &ziglans->head, in_list)
    {
        for (size_t i = 0; i < roster_count(ziglan->roster); i++) {
            const struct roster_member *member = roster_at(ziglan->roster, i);
            if (!is_named(ziglan, member, text)) {
                continue;
            }
            if (fit.member == NULL || member->name_conflict) {
                fit.ziglan = ziglan;
                fit.member = member;
            }
            fit.conflicts += member->name_conflict ? 1 : 0;
        }
    }
    return fit;
}

enum trust_result trust_name(const struct ziglan_list *ziglans, const char *text,
                             struct trust_outcome *out)
{
    struct fit fit = find(ziglans, text);

    if (fit.member == NULL) {
        return TRUST_RESULT_UNKNOWN;
    }
    if (fit.conflicts > 1) {
        return TRUST_RESULT_SEVERAL;
    }
    *out = (struct trust_outcome){.ziglan_name = fit.ziglan->record.name};
    (void)snprintf(out->name, sizeof(out->name), "%s", fit.member->name);
    memcpy(out->key, fit.member->key, KEY_SIZE);
    if (fit.conflicts == 0) {
        return TRUST_RESULT_ALREADY;
    }
    (void)roster_remembered(fit.ziglan->roster, out->name, strlen(out->name), out->before);
    return roster_accept_name(fit.ziglan->roster, out->key) == ERR_OK ? TRUST_RESULT_AGREED
                                                                      : TRUST_RESULT_FAILED;
}
