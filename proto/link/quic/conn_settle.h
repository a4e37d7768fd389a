/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What callbacks left to be done. They run inside ngtcp2 and nghttp3, so they only note what
 * happened; the session hears of it here, when those libraries have returned.
 */
#pragma once

#include "proto/link/quic/conn_state.h"

/** Do it: begin the session, give it what came, tell of requests and moves, and end the connection
 * if it is to end. After every call of ngtcp2 or nghttp3 that may call back. */
void conn_settle(struct link_conn *c);
