/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Addresses for tests, from a range that is reserved for documentation (RFC 5737). */
#pragma once

#include "proto/net/endpoint.h"

/** 203.0.113.`number` with this port. Number 256 is 203.0.114.0, which is no longer inside the
 * reserved range, and so on. */
struct endpoint test_endpoint(unsigned number, uint16_t port);
