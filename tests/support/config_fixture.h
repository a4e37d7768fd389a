/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Configurations of a host, read from texts; for cmocka tests. */
#pragma once

#include "client/config/config.h"

/** Read a configuration that must be a good one; the caller frees it. */
struct client_config *config_of(const char *text);
