/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Addresses of the documentation (RFC 5737) for tests that need some. */
#pragma once

#include "proto/net/endpoint.h"

/** 203.0.113.`number` with this port; beyond 255 it goes on with 203.0.114.0, and so on. */
struct endpoint test_endpoint(unsigned number, uint16_t port);
