/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What libcyaml is told; relayd/config/admission.c checks the rest. */
#include "relayd/config/admission_schema.h"

#include "relayd/config/admission.h"

static const cyaml_schema_value_t text_schema = {
    CYAML_VALUE_STRING(CYAML_FLAG_POINTER, char, 0, ADMISSION_SCRIPT_PATH_SIZE - 1)};

#define ALLOWED_FIELD(key, member, more)                                                           \
    CYAML_FIELD_STRING_PTR(key, CYAML_FLAG_POINTER | (more), struct raw_allowed, member, 0,        \
                           ADMISSION_SCRIPT_PATH_SIZE - 1)

static const cyaml_schema_field_t allowed_fields[] = {
    ALLOWED_FIELD("member", member, 0), ALLOWED_FIELD("name", name, CYAML_FLAG_OPTIONAL),
    ALLOWED_FIELD("note", note, CYAML_FLAG_OPTIONAL),
    CYAML_FIELD_SEQUENCE_COUNT("groups", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL,
                               struct raw_allowed, groups, groups_count, &text_schema, 0,
                               DIRECTORY_GROUPS_MAX),
    CYAML_FIELD_END};

const cyaml_schema_value_t admission_allowed_schema = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct raw_allowed, allowed_fields)};

const cyaml_schema_field_t admission_script_fields[] = {
    CYAML_FIELD_STRING_PTR("path", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL,
                           struct raw_admission_script, path, 0, ADMISSION_SCRIPT_PATH_SIZE - 1),
    CYAML_FIELD_UINT_PTR("timeout_s", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL,
                         struct raw_admission_script, timeout_s),
    CYAML_FIELD_UINT_PTR("at_once", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL,
                         struct raw_admission_script, at_once),
    CYAML_FIELD_UINT_PTR("cache_s", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL,
                         struct raw_admission_script, cache_s),
    CYAML_FIELD_END};
