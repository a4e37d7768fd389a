/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Programs that are no command line say nothing about it. */
#include "relayd/admin/asker.h"

const char *asker_option(const json_t *request)
{
    const char *option = json_string_value(json_object_get(request, "config_option"));

    return option != NULL ? option : "";
}
