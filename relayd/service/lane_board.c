/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Labels are looked up in a table with open addressing; they are random numbers of ours, so their
 * lower bits are as good as a hash. A cell holds a label and the number of its pass. A pass is a
 * seqlock: who reads it while it changes reads again.
 *
 * A worker may look a pass up just before it is removed, and count a moment later. So numbers of
 * passes that were removed rest: one is used again after PASSES_RESTING others.
 */
#include "relayd/service/lane_board.h"

#include "proto/base/bytes.h"
#include "proto/base/seqlock.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

enum {
    CELLS = 131072, /* a power of two, and four for each label that there may be */
    PASSES_RESTING = 4096,
    PASS_WORDS = (sizeof(struct lane_pass) + 7) / 8,
    USED_WORDS = LANE_BOARD_PASSES_MAX / 64,
    COUNT_WORDS = sizeof(struct lane_worker_counts) / 8,
    READS_MAX = 64, /* of a pass that changes; it takes a few stores, if its writer runs */
};

/* A cell that held a label, in a row that goes on behind it. */
#define CELL_LEFT UINT64_MAX

_Static_assert(LANE_BOARD_PASSES_MAX % 64 == 0, "bits of whole words");
_Static_assert(sizeof(struct lane_worker_counts) % 8 == 0, "counts of 64 bits only");

struct cell {
    _Atomic uint64_t label; /* 0: never used, or not any more */
    _Atomic uint32_t number;
};

struct pass {
    _Atomic uint32_t sequence;
    _Atomic uint64_t words[PASS_WORDS];
};

/* What one worker writes of a pass. */
struct use {
    _Atomic uint64_t frames, bytes;
    struct lane_share share; /* the worker's alone */
};

/* And of all. */
struct worker {
    _Atomic uint64_t turn; /* how often it told */
    _Atomic uint64_t counts[COUNT_WORDS];
    _Atomic uint64_t used[USED_WORDS]; /* a bit for each pass that was used */
    struct use uses[LANE_BOARD_PASSES_MAX];
};

/* What the control thread knows of a pass besides. */
struct owned {
    void *owner;
    uint64_t label;
    uint64_t frames, bytes; /* told already */
};

struct lane_board {
    struct cell *cells;
    struct pass *passes;
    struct worker *workers[LANE_WORKERS_MAX];
    unsigned workers_count;
    _Atomic bool asleep;
    /* The control thread's own. */
    struct owned *owned;
    uint32_t *resting; /* a ring of numbers */
    uint32_t resting_first, resting_count, fresh;
    uint16_t ports[LANE_BOARD_PORTS_MAX];
    size_t ports_count;
};

int lane_board_new(struct lane_board **out, unsigned workers)
{
    struct lane_board *board = calloc(1, sizeof(*board));
    bool ok = board != NULL;

    CHECK(workers > 0 && workers <= LANE_WORKERS_MAX);
    *out = NULL;
    if (ok) { /* pages that nobody touched take no memory */
        atomic_store(&board->asleep, true);
        board->fresh = LANE_PASS_NONE + 1;
        board->cells = calloc(CELLS, sizeof(*board->cells));
        board->passes = calloc(LANE_BOARD_PASSES_MAX, sizeof(*board->passes));
        board->owned = calloc(LANE_BOARD_PASSES_MAX, sizeof(*board->owned));
        board->resting = calloc(LANE_BOARD_PASSES_MAX, sizeof(*board->resting));
        ok = board->cells != NULL && board->passes != NULL && board->owned != NULL &&
             board->resting != NULL;
    }
    for (unsigned i = 0; ok && i < workers; i++) {
        board->workers[i] = calloc(1, sizeof(*board->workers[i]));
        ok = board->workers[i] != NULL;
        board->workers_count++;
    }
    if (!ok) {
        lane_board_free(board);
        return ERR_NOMEM;
    }
    *out = board;
    return ERR_OK;
}

void lane_board_free(struct lane_board *board)
{
    if (board == NULL) {
        return;
    }
    for (unsigned i = 0; i < board->workers_count; i++) {
        free(board->workers[i]);
    }
    free(board->resting);
    free(board->owned);
    free(board->passes);
    free(board->cells);
    free(board);
}

/* ---- labels ---- */

static struct cell *cell_at(const struct lane_board *board, uint64_t place)
{
    return &board->cells[place & (CELLS - 1)];
}

static uint64_t label_of(const struct lane_board *board, uint64_t place)
{
    return atomic_load_explicit(&cell_at(board, place)->label, memory_order_acquire);
}

static void cell_add(struct lane_board *board, uint64_t label, uint32_t number)
{
    uint64_t place = label;

    while (label_of(board, place) != 0 && label_of(board, place) != CELL_LEFT) {
        place++;
    }
    atomic_store_explicit(&cell_at(board, place)->number, number, memory_order_relaxed);
    atomic_store_explicit(&cell_at(board, place)->label, label, memory_order_release);
}

/* No row goes on through a cell before an empty one, so the cells that were left there are empty
 * again: rows stay short. */
static void cell_remove(struct lane_board *board, uint64_t label)
{
    uint64_t place = label;

    while (label_of(board, place) != label) {
        CHECK(label_of(board, place) != 0);
        place++;
    }
    atomic_store_explicit(&cell_at(board, place)->label, CELL_LEFT, memory_order_release);
    while (label_of(board, place) == CELL_LEFT && label_of(board, place + 1) == 0) {
        atomic_store_explicit(&cell_at(board, place)->label, 0, memory_order_release);
        place--;
    }
}

/* ---- passes ---- */

static void pass_write(struct pass *pass, const struct lane_pass *value)
{
    uint64_t words[PASS_WORDS] = {0};

    memcpy(words, value, sizeof(*value));
    seqlock_write(&pass->sequence, pass->words, words, PASS_WORDS);
}

/* False if the pass changes just now. */
static bool pass_read(const struct pass *pass, struct lane_pass *out)
{
    uint64_t words[PASS_WORDS];
    bool whole = seqlock_read(&pass->sequence, pass->words, words, PASS_WORDS);

    memcpy(out, words, sizeof(*out));
    return whole;
}

/* ---- the control thread ---- */

void lane_board_set_ports(struct lane_board *board, const uint16_t *ports, size_t count)
{
    CHECK(count <= LANE_BOARD_PORTS_MAX);
    memcpy(board->ports, ports, count * sizeof(*ports));
    board->ports_count = count;
}

static bool serves(const struct lane_board *board, uint16_t port)
{
    for (size_t i = 0; i < board->ports_count; i++) {
        if (board->ports[i] == port) {
            return true;
        }
    }
    return false;
}

/* A number for a new pass. */
static uint32_t number_take(struct lane_board *board)
{
    bool is_old = board->resting_count > PASSES_RESTING ||
                  (board->resting_count > 0 && board->fresh == LANE_BOARD_PASSES_MAX);
    uint32_t number;

    if (!is_old) {
        return board->fresh < LANE_BOARD_PASSES_MAX ? board->fresh++ : LANE_PASS_NONE;
    }
    number = board->resting[board->resting_first];
    board->resting_first = (board->resting_first + 1) % LANE_BOARD_PASSES_MAX;
    board->resting_count--;
    return number;
}

void lane_board_put(struct lane_board *board, uint32_t *number, const struct lane_pass *pass,
                    void *owner)
{
    struct lane_pass value = *pass;
    bool is_new = *number == LANE_PASS_NONE;

    if (is_new) {
        /* CELL_LEFT means something else; chance never draws it. */
        *number = pass->label != CELL_LEFT ? number_take(board) : LANE_PASS_NONE;
    }
    if (*number == LANE_PASS_NONE) {
        return;
    }
    if (!serves(board, value.local.port)) {
        value.to = LANE_PASS_TO_CONTROL;
    }
    pass_write(&board->passes[*number], &value);
    board->owned[*number].owner = owner;
    board->owned[*number].label = pass->label;
    if (is_new) {
        cell_add(board, pass->label, *number);
    }
}

void lane_board_remove(struct lane_board *board, uint32_t *number)
{
    uint32_t end = board->resting_first + board->resting_count;

    if (*number == LANE_PASS_NONE) {
        return;
    }
    cell_remove(board, board->owned[*number].label);
    pass_write(&board->passes[*number], &(struct lane_pass){0});
    board->owned[*number].owner = NULL;
    board->resting[end % LANE_BOARD_PASSES_MAX] = *number;
    board->resting_count++;
    *number = LANE_PASS_NONE;
}

/* What is new of one pass; false: nothing, or it is nobody's. */
static bool use_of(struct lane_board *board, uint32_t number, struct lane_use *out)
{
    struct owned *owned = &board->owned[number];
    uint64_t frames = 0, bytes = 0;

    for (unsigned i = 0; i < board->workers_count; i++) {
        const struct use *use = &board->workers[i]->uses[number];

        frames += atomic_load_explicit(&use->frames, memory_order_relaxed);
        bytes += atomic_load_explicit(&use->bytes, memory_order_relaxed);
    }
    *out = (struct lane_use){
        .owner = owned->owner, .frames = frames - owned->frames, .bytes = bytes - owned->bytes};
    owned->frames = frames;
    owned->bytes = bytes;
    return out->owner != NULL && (out->frames > 0 || out->bytes > 0);
}

bool lane_board_use(struct lane_board *board, size_t *cursor, struct lane_use *out)
{
    while (*cursor < board->workers_count * (size_t)LANE_BOARD_PASSES_MAX) {
        size_t bit = *cursor % LANE_BOARD_PASSES_MAX;
        _Atomic uint64_t *word = &board->workers[*cursor / LANE_BOARD_PASSES_MAX]->used[bit / 64];
        uint64_t mask = UINT64_C(1) << (bit % 64);
        uint64_t here = atomic_load_explicit(word, memory_order_relaxed);

        if (here == 0 && bit % 64 == 0) {
            *cursor += 64;
            continue;
        }
        *cursor += 1;
        /* What was counted before the bit was set is seen after it was taken. */
        if ((here & mask) != 0 &&
            (atomic_fetch_and_explicit(word, ~mask, memory_order_acquire) & mask) != 0 &&
            use_of(board, u32_of(bit), out)) {
            return true;
        }
    }
    return false;
}

struct lane_worker_counts lane_board_counts(const struct lane_board *board)
{
    struct lane_worker_counts sum;
    uint64_t words[COUNT_WORDS] = {0};

    for (unsigned i = 0; i < board->workers_count; i++) {
        (void)atomic_load(&board->workers[i]->turn); /* what it told before is seen after */
        for (size_t k = 0; k < COUNT_WORDS; k++) {
            words[k] += atomic_load_explicit(&board->workers[i]->counts[k], memory_order_relaxed);
        }
    }
    memcpy(&sum, words, sizeof(sum));
    return sum;
}

void lane_board_sleep(struct lane_board *board)
{
    atomic_store(&board->asleep, true);
}

/* ---- workers ---- */

bool lane_board_find(const struct lane_board *board, uint64_t label, struct lane_pass *out,
                     uint32_t *number)
{
    uint64_t found;

    if (label == CELL_LEFT) {
        return false;
    }
    for (uint64_t place = label; (found = label_of(board, place)) != 0; place++) {
        if (found != label) {
            continue;
        }
        *number = atomic_load_explicit(&cell_at(board, place)->number, memory_order_relaxed);
        for (int i = 0; i < READS_MAX; i++) {
            if (pass_read(&board->passes[*number], out)) {
                return out->label == label; /* else it was removed meanwhile */
            }
        }
        *out = (struct lane_pass){.label = label, .to = LANE_PASS_TO_CONTROL};
        return true;
    }
    return false;
}

void lane_board_count(struct lane_board *board, unsigned worker, uint32_t number, uint64_t frames,
                      uint64_t bytes)
{
    struct worker *w = board->workers[worker];
    struct use *use = &w->uses[number];

    atomic_store_explicit(&use->frames,
                          atomic_load_explicit(&use->frames, memory_order_relaxed) + frames,
                          memory_order_relaxed);
    atomic_store_explicit(&use->bytes,
                          atomic_load_explicit(&use->bytes, memory_order_relaxed) + bytes,
                          memory_order_relaxed);
    (void)atomic_fetch_or_explicit(&w->used[number / 64], UINT64_C(1) << (number % 64),
                                   memory_order_release);
}

struct lane_share *lane_board_share(struct lane_board *board, unsigned worker, uint32_t number)
{
    return &board->workers[worker]->uses[number].share;
}

bool lane_worker_tells(struct lane_board *board, unsigned worker,
                       const struct lane_worker_counts *counts, bool frames)
{
    struct worker *w = board->workers[worker];
    uint64_t words[COUNT_WORDS];

    memcpy(words, counts, sizeof(words));
    for (size_t i = 0; i < COUNT_WORDS; i++) {
        atomic_store_explicit(&w->counts[i], words[i], memory_order_relaxed);
    }
    /* Both in one order for all threads: either lane_board_counts sees these counts, or this sees
     * that nobody looks. */
    atomic_store(&w->turn, atomic_load_explicit(&w->turn, memory_order_relaxed) + 1);
    return frames && atomic_load(&board->asleep) && atomic_exchange(&board->asleep, false);
}
