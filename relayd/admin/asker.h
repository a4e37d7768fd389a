/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a request of the operator says about who asks. Pure.
 */
#pragma once

#include <jansson.h>

/** What stands behind `relayd VERB` in a command that is advised to who asks: "config_option" of
 * the request, such as " -c FILE"; "" without one. Borrowed from the request. */
const char *asker_option(const json_t *request);
