/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which neighbours a mesh wants (neighbour_choice.h), of all the relays that it believes in. */
#pragma once

#include "rendezvous/mesh/mesh_internal.h"

#include <stdbool.h>
#include <stdint.h>

/** A round trip to this relay was measured. */
void mesh_choose_measured(struct mesh *mesh, const uint8_t key[KEY_SIZE], uint32_t rtt_us);

/** This relay is a neighbour now. */
void mesh_choose_on_up(struct mesh *mesh, const uint8_t key[KEY_SIZE]);

/** It was a neighbour: another one is looked for at once. */
void mesh_choose_on_down(struct mesh *mesh, struct mono now);

/** It could not be reached: not again for a while. */
void mesh_choose_failed(struct mesh *mesh, const uint8_t key[KEY_SIZE], struct mono now);

/** It has no room for us: it is left out for longer. */
void mesh_choose_full(struct mesh *mesh, const uint8_t key[KEY_SIZE], struct mono now);

/** Let time pass. */
void mesh_choose_expire(struct mesh *mesh, struct mono now);

/** When to call mesh_choose_expire. */
struct mono mesh_choose_deadline(const struct mesh *mesh);

/** The next CONNECT or RELEASE; false if there is none. */
bool mesh_choose_output(struct mesh *mesh, struct mesh_output *out);
