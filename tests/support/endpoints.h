/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Addresses of the documentation (RFC 5737) for tests that need some. */
#pragma once

#include "proto/net/endpoint.h"

/** 203.0.113.`last`, with this port. */
struct endpoint test_endpoint(uint8_t last, uint16_t port);
