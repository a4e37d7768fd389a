/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * How libcyaml reads `allow` and `admission_script` into the structs of relayd/config/admission.h.
 */
#pragma once

#include <cyaml/cyaml.h>

/** What is in the list `allow`: struct raw_allowed. */
extern const cyaml_schema_value_t admission_allowed_schema;

/** The keys of `admission_script`: struct raw_admission_script. */
extern const cyaml_schema_field_t admission_script_fields[];
