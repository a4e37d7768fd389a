/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A mesh writes what it believes to the store, a little at a time, and reads it at the start. */
#pragma once

#include "rendezvous/mesh/mesh_internal.h"

/** See mesh_load. */
int mesh_save_load(struct mesh *mesh, struct store *store, struct mono now) MUST_CHECK;

/** See mesh_save. */
int mesh_save_write(struct mesh *mesh, struct store *store, struct mono now) MUST_CHECK;
