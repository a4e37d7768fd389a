/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A set of hashes of records, of which there may be as many as relays. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { MESH_HASHES_MAX = 65536 };

/** Empty if zeroed. */
struct mesh_hashes {
    uint64_t *slots; /* 0: free */
    size_t count, capacity;
};

/** Add a hash. False if there are MESH_HASHES_MAX, or without memory. */
bool mesh_hashes_add(struct mesh_hashes *hashes, uint64_t hash);

/** True if it is there. */
bool mesh_hashes_has(const struct mesh_hashes *hashes, uint64_t hash);

/** Forget all. */
void mesh_hashes_clear(struct mesh_hashes *hashes);
