/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A table of two functions. */
#include "proto/host/log_forms.h"

#include "proto/admin/log_line.h"

const struct os_env_forms log_forms = {.json = log_line_json, .journal = log_line_journal};
