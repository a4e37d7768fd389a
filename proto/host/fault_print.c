/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Here a fault reaches the user of a command line.
 */
#include "proto/host/fault_print.h"

#include "proto/admin/answer.h"
#include "proto/host/fields.h"

#include <stdio.h>

static int code_of(const struct fault *fault)
{
    return fault->exit_code != EXIT_CODE_OK ? (int)fault->exit_code : (int)EXIT_CODE_FAILURE;
}

int fault_print(const struct fault *fault, const char *program)
{
    (void)fprintf(stderr, "%s: %s\n", program, fault->text);
    return code_of(fault);
}

int fault_print_json(const struct fault *fault)
{
    json_t *refusal = answer_refuse((enum exit_code)code_of(fault), "%s", fault->text);

    (void)fields_print(refusal);
    json_decref(refusal);
    return code_of(fault);
}
