/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Checks what the schema of libcyaml cannot say about admission; prints it. */
#include "relayd/config/admission.h"

#include "proto/crypto/key_form.h"
#include "proto/wire/name.h"

#include <string.h>

enum { TIMEOUT_S_DEFAULT = 10, AT_ONCE_DEFAULT = 4, CACHE_S_DEFAULT = 300 };

static bool number_take(struct config_text *in, uint32_t *out, const char *key,
                        const uint32_t *value, uint32_t otherwise, uint32_t min, uint32_t max)
{
    char text[16];

    *out = value != NULL ? *value : otherwise;
    if (*out < min || *out > max) {
        (void)snprintf(text, sizeof(text), "%u", (unsigned)*out);
        return config_text_refuse(in, key, text);
    }
    return true;
}

static bool script_set(struct config_text *in, struct admission_config *out,
                       struct admission_script *script, const struct raw_admission_script *raw)
{
    const char *path = raw->path != NULL ? raw->path : "";

    if (raw->path != NULL && path[0] != '/') {
        return config_text_refuse(in, "path", path);
    }
    if (out->mode == ADMISSION_MODE_SCRIPT && path[0] == '\0') {
        return config_text_fail(in, "admission", "script",
                                "'admission: script' wants a program; name it by "
                                "admission_script: {path: /PATH/OF/PROGRAM}");
    }
    (void)snprintf(script->path, sizeof(script->path), "%s", path);
    return number_take(in, &script->timeout_s, "timeout_s", raw->timeout_s, TIMEOUT_S_DEFAULT, 1,
                       ADMISSION_SCRIPT_TIMEOUT_S_MAX) &&
           number_take(in, &script->at_once, "at_once", raw->at_once, AT_ONCE_DEFAULT, 1,
                       ADMISSION_SCRIPT_AT_ONCE_MAX) &&
           number_take(in, &out->cache_s, "cache_s", raw->cache_s, CACHE_S_DEFAULT, 0,
                       ADMISSION_CACHE_S_MAX);
}

static bool groups_set(struct config_text *in, struct directory_groups *out,
                       const struct raw_allowed *raw)
{
    for (unsigned i = 0; i < raw->groups_count; i++) {
        if (directory_groups_add(out, raw->groups[i]) != ERR_OK) {
            return config_text_refuse(in, "groups", raw->groups[i]);
        }
    }
    return true;
}

static bool allowed_set(struct config_text *in, struct admission_config *out,
                        const struct raw_allowed *raw)
{
    struct admission_allowed *allowed = &out->allowed[out->allowed_count];

    if (key_parse(allowed->key, raw->member, strlen(raw->member)) != ERR_OK) {
        return config_text_refuse(in, "member", raw->member);
    }
    for (size_t i = 0; i < out->allowed_count; i++) {
        if (memcmp(out->allowed[i].key, allowed->key, KEY_SIZE) == 0) {
            return config_text_fail(in, "member", raw->member,
                                    "'allow' has the key %s twice; write it once", raw->member);
        }
    }
    if (raw->name != NULL && name_problem(raw->name, strlen(raw->name)) != NULL) {
        return config_text_refuse(in, "name", raw->name);
    }
    if (raw->note != NULL &&
        (!directory_note_is(raw->note) || strpbrk(raw->note, "\"\\") != NULL)) {
        return config_text_refuse(in, "note", raw->note);
    }
    (void)snprintf(allowed->name, sizeof(allowed->name), "%s", raw->name != NULL ? raw->name : "");
    (void)snprintf(allowed->note, sizeof(allowed->note), "%s", raw->note != NULL ? raw->note : "");
    out->allowed_count++;
    return groups_set(in, &allowed->groups, raw);
}

bool admission_set(struct config_text *in, struct admission_config *out,
                   struct admission_script *script, const struct raw_admission *raw)
{
    out->mode = (enum admission_mode)raw->mode;
    for (unsigned i = 0; i < raw->allowed_count; i++) {
        if (!allowed_set(in, out, &raw->allowed[i])) {
            return false;
        }
    }
    return script_set(in, out, script, &raw->script);
}

void admission_print(const struct admission_config *admission,
                     const struct admission_script *script, FILE *to)
{
    static const char *const modes[] = {"invite", "open", "script"};
    char key[KEY_TEXT_SIZE];

    (void)fprintf(to, "admission: %s\n", modes[admission->mode]);
    (void)fputs(admission->allowed_count > 0 ? "allow:\n" : "allow: []\n", to);
    for (size_t i = 0; i < admission->allowed_count; i++) {
        const struct admission_allowed *allowed = &admission->allowed[i];

        (void)fprintf(to, "  - member: \"%s\"\n", key_text(allowed->key, key));
        if (allowed->name[0] != '\0') {
            (void)fprintf(to, "    name: \"%s\"\n", allowed->name);
        }
        if (allowed->groups.count > 0) {
            (void)fputs("    groups:\n", to);
        }
        for (size_t k = 0; k < allowed->groups.count; k++) {
            (void)fprintf(to, "      - \"%s\"\n", allowed->groups.list[k]);
        }
        if (allowed->note[0] != '\0') {
            (void)fprintf(to, "    note: \"%s\"\n", allowed->note);
        }
    }
    (void)fputs("admission_script:\n", to);
    if (script->path[0] != '\0') {
        (void)fprintf(to, "  path: \"%s\"\n", script->path);
    }
    (void)fprintf(to, "  timeout_s: %u\n  at_once: %u\n  cache_s: %u\n",
                  (unsigned)script->timeout_s, (unsigned)script->at_once,
                  (unsigned)admission->cache_s);
}

bool admission_allowed_equal(const struct admission_config *a, const struct admission_config *b)
{
    return a->allowed_count == b->allowed_count &&
           memcmp(a->allowed, b->allowed, sizeof(a->allowed)) == 0;
}
