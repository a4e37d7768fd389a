/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What each part of a guess does. They are called while it runs.
 */
#pragma once

#include "client/stun2/guess_state.h"

struct guess_part {
    void (*begin)(struct guess *guess, struct mono now);
    void (*on_socket)(struct guess *guess, uint16_t port, struct mono now); /* it is open */
    void (*on_sample)(struct guess *guess, struct mono now);                /* a relay answered */
    void (*on_aim)(struct guess *guess, struct mono now); /* the peer told another one */
    /* The next ping that is due; socket, to and hops are to be filled in. */
    bool (*next)(struct guess *guess, struct guess_send *out, struct mono now);
    void (*expire)(struct guess *guess, struct mono now);
};
