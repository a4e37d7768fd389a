/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The URL by which somebody joins (docs/protocol.md, section 15): key, public hosts and name of a
 * ziglan, and an invite.
 */
#pragma once

#include "proto/base/err.h"
#include "proto/wire/url.h"

#include <stdint.h>

/**
 * Write ziglan://KEY@HOSTS?invite=...&name=NAME to text.
 *
 * hosts  "HOST[:PORT],..."
 * name   of the ziglan
 *
 * ERR_DROP if hosts is empty or not valid, ERR_LIMIT if it does not fit; text is undefined then.
 */
int invite_url_print(char text[URL_SIZE_MAX], const uint8_t key[KEY_SIZE], const char *hosts,
                     const char *name, const uint8_t invite[INVITE_SIZE]) MUST_CHECK;
