/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Identities that are the same in every run, and the start of the library that makes them. */
#pragma once

#include "proto/crypto/identity.h"

/** The identity whose seed is 32 times `letter`. */
struct identity fixture_identity(char letter);

/** The identity of node number n. */
struct identity node_of(uint32_t n);

/** Start the library for a group of tests (a cmocka set-up function); 0, or -1 if that fails. */
int fixture_setup(void **state);
