/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What follows from callbacks. They run within ngtcp2 and nghttp3, so they only note what happened;
 * the session hears of it here, when those libraries have returned.
 */
#pragma once

#include "proto/link/quic/conn_state.h"

/** Start the session if its stream exists, give it what came, tell it of requests and moves, and
 * close the connection if it is to end. Due after every call of ngtcp2 or nghttp3 that may call
 * back. */
void conn_settle(struct link_conn *c);
