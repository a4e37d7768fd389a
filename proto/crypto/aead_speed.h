/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Which AEAD this machine is fastest at. That depends on its CPU (VAES, ARM's instructions, none),
 * and nobody can tell without trying.
 */
#pragma once

#include "proto/crypto/aead.h"

#include "proto/base/mono.h"

/** A clock that never goes back. */
typedef struct mono aead_speed_clock(void);

/** aead_list_local in the order of measured speed, the fastest first: each seals some frames of
 * 1,300 bytes, and its fastest round counts, since a machine can be busy. Takes about a
 * millisecond. */
struct aead_list aead_list_by_speed(aead_speed_clock *now);
