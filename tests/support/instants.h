/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Instants for tests of what is given the time. */
#pragma once

#include "proto/base/mono.h"

/** The instant `ms` milliseconds after the beginning of a test, at which no clock shows 0. */
struct mono test_at_ms(uint64_t ms);
