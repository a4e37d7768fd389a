/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The structs are those of LMDB's file, in the byte order and word size of this machine, as LMDB
 * itself has them. The first thing that is wrong ends the check: whoever finds it writes the
 * verdict and returns false.
 */
#include "rendezvous/store/lmdb/database_file.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    META_COUNT = 2, /* pages 0 and 1; a commit writes the one that is older */
    PAGE_SIZE_LEAST = 512,
    PAGE_SIZE_MOST = 32768,
    DEPTH_MAX = 32, /* of LMDB's cursors */
    KEY_MOST = 511,
    TREES_MAX = 64, /* named ones; we have fewer */
    IDS_AT_ONCE = 512,
    PAGES_UNTOLD_MAX = 1024, /* behind the end and neither free nor in use; LMDB makes none */

    PAGE_BRANCH_FLAG = 0x01,
    PAGE_LEAF_FLAG = 0x02,
    PAGE_OVERFLOW_FLAG = 0x04,
    PAGE_META_FLAG = 0x08,

    NODE_BIG_FLAG = 0x01,  /* its value is the number of an overflow page */
    NODE_TREE_FLAG = 0x02, /* its value is a struct tree */

    TREE_INTEGER_KEY_FLAG = 0x08, /* keys are words; the tree of free pages has it */
};

#define META_MAGIC 0xbeefc0deu
#define META_VERSION 1u
#define FILE_SIZE_MOST (UINT64_C(64) * 1024 * 1024 * 1024)
#define PAGE_NONE SIZE_MAX

struct page_head {
    size_t number;
    uint16_t padding, flags;
    union {
        struct {
            uint16_t lower, upper; /* behind the places of the nodes; the first node */
        };
        uint32_t count; /* of an overflow page: pages that belong together */
    };
};

struct node_head {
    uint16_t low, high; /* size of the value; in a branch the page below, with flags above them */
    uint16_t flags, key_size;
};

struct tree {
    uint32_t padding; /* of the tree of free pages: the page size */
    uint16_t flags, depth;
    size_t branches, leaves, overflows, entries;
    size_t root;
};

struct meta {
    uint32_t magic, version;
    size_t address, map_size;
    struct tree free_pages, main;
    size_t last_page, txn;
};

struct node {
    struct node_head head;
    size_t at; /* in the page */
    const uint8_t *key, *value;
    size_t value_size;
};

/* The keys of a page are not below that of low, and below that of high; NULL: no bound. */
struct bounds {
    const struct node *low, *high;
};

enum tree_kind { TREE_KIND_FREE, TREE_KIND_MAIN, TREE_KIND_NAMED };

struct check {
    int fd;
    enum database_file_verdict verdict;
    size_t page_size, file_pages, last_page, txn;
    size_t unwritten; /* free pages behind the end of the file */
    uint8_t *pages;   /* one for each level of a tree */
    uint8_t *taken;   /* bits: pages that have been met */
    struct tree named[TREES_MAX];
    size_t named_count;
    enum tree_kind kind; /* of the tree that is walked */
    size_t depth, entries;
};

static bool wrong(struct check *c, enum database_file_verdict verdict)
{
    c->verdict = verdict;
    return false;
}

static bool damaged(struct check *c)
{
    return wrong(c, DATABASE_FILE_DAMAGED);
}

/* Read all of it; a short file is cut. */
static bool bytes_read(struct check *c, void *out, size_t size, uint64_t at)
{
    size_t have = 0;

    while (have < size) {
        ssize_t got = pread(c->fd, (uint8_t *)out + have, size - have, (off_t)(at + have));

        if (got < 0 && errno != EINTR) {
            return wrong(c, DATABASE_FILE_UNREADABLE);
        }
        if (got == 0) {
            return wrong(c, DATABASE_FILE_CUT);
        }
        have += got > 0 ? (size_t)got : 0;
    }
    return true;
}

/* -- Pages ------------------------------------------------------------------------------------- */

/* Each page has one use. Free pages may lie behind the end of the file, because LMDB never wrote
 * them. */
static bool page_take(struct check *c, size_t number, bool is_free)
{
    uint8_t bit = (uint8_t)(1u << number % 8);

    if (number < META_COUNT || number > c->last_page) {
        return damaged(c);
    }
    if (number >= c->file_pages) {
        c->unwritten++;
        return is_free || wrong(c, DATABASE_FILE_CUT);
    }
    if ((c->taken[number / 8] & bit) != 0) {
        return damaged(c);
    }
    c->taken[number / 8] |= bit;
    return true;
}

/* The node at this index of a page whose head is sound. */
static bool node_read(struct check *c, const uint8_t *page, size_t index, struct node *out)
{
    struct page_head head;
    uint16_t at;

    memcpy(&head, page, sizeof(head));
    memcpy(&at, page + sizeof(head) + index * sizeof(at), sizeof(at));
    if (at < head.upper || at % 2 != 0 || at + sizeof(out->head) > c->page_size) {
        return damaged(c);
    }
    memcpy(&out->head, page + at, sizeof(out->head));
    out->at = at;
    out->key = page + at + sizeof(out->head);
    out->value = out->key + out->head.key_size;
    out->value_size = out->head.low | (size_t)out->head.high << 16;
    return out->head.key_size <= c->page_size - at - sizeof(out->head) || damaged(c);
}

static size_t word_of(const uint8_t *at)
{
    size_t word;

    memcpy(&word, at, sizeof(word));
    return word;
}

/* Whether the keys of two nodes are in order, and not equal. */
static bool ordered(const struct check *c, const struct node *before, const struct node *after)
{
    size_t size =
        before->head.key_size < after->head.key_size ? before->head.key_size : after->head.key_size;
    int order;

    if (c->kind == TREE_KIND_FREE) {
        return word_of(before->key) < word_of(after->key);
    }
    order = memcmp(before->key, after->key, size);
    return order < 0 || (order == 0 && before->head.key_size < after->head.key_size);
}

/* -- Values ------------------------------------------------------------------------------------ */

/* A list of free pages: how many, and then their numbers, falling. It lies at this place of the
 * file. */
static bool free_list_check(struct check *c, uint64_t at, size_t size)
{
    size_t ids[IDS_AT_ONCE];
    size_t count, before = SIZE_MAX;

    if (size < sizeof(count) || !bytes_read(c, &count, sizeof(count), at)) {
        return c->verdict != DATABASE_FILE_WHOLE ? false : damaged(c);
    }
    if (count > size / sizeof(count) - 1) {
        return damaged(c);
    }
    for (size_t done = 0; done < count;) {
        size_t some = count - done < IDS_AT_ONCE ? count - done : IDS_AT_ONCE;

        if (!bytes_read(c, ids, some * sizeof(ids[0]), at + (done + 1) * sizeof(ids[0]))) {
            return false;
        }
        for (size_t i = 0; i < some; i++) {
            if (ids[i] >= before) {
                return damaged(c);
            }
            if (!page_take(c, ids[i], true)) {
                return false;
            }
            before = ids[i];
        }
        done += some;
    }
    return true;
}

/* A value in pages of its own. *at is where it begins in the file. */
static bool overflow_check(struct check *c, const struct node *node, uint64_t *at)
{
    struct page_head head;
    size_t number = word_of(node->value);
    size_t need = (sizeof(head) - 1 + node->value_size) / c->page_size + 1;

    if (!page_take(c, number, false)) {
        return false;
    }
    *at = (uint64_t)number * c->page_size + sizeof(head);
    if (!bytes_read(c, &head, sizeof(head), *at - sizeof(head))) {
        return false;
    }
    if (head.number != number || head.flags != PAGE_OVERFLOW_FLAG || head.count < need ||
        head.count > c->last_page) {
        return damaged(c);
    }
    for (size_t i = 1; i < head.count; i++) {
        if (!page_take(c, number + i, false)) {
            return false;
        }
    }
    return true;
}

/* The value of a leaf's node in the page `number`. */
static bool value_check(struct check *c, const struct node *node, size_t number)
{
    uint64_t at =
        (uint64_t)number * c->page_size + node->at + sizeof(node->head) + node->head.key_size;

    if ((node->head.flags & NODE_BIG_FLAG) != 0 && !overflow_check(c, node, &at)) {
        return false;
    }
    switch (c->kind) {
    case TREE_KIND_FREE:
        return free_list_check(c, at, node->value_size);
    case TREE_KIND_MAIN:
        if (c->named_count == TREES_MAX || node->value_size != sizeof(c->named[0])) {
            return damaged(c);
        }
        memcpy(&c->named[c->named_count], node->value, sizeof(c->named[0]));
        c->named_count++;
        return true;
    case TREE_KIND_NAMED:
        return true;
    }
    return true;
}

/* -- Trees ------------------------------------------------------------------------------------- */

/* How much of the page a leaf's node takes; 0: its key, value or flags are wrong. */
static size_t leaf_node_size(const struct check *c, const struct node *node)
{
    size_t most = (((c->page_size - sizeof(struct page_head)) / 2) & ~(size_t)1) - sizeof(uint16_t);
    size_t flags = c->kind == TREE_KIND_MAIN ? NODE_TREE_FLAG : node->head.flags & NODE_BIG_FLAG;
    size_t size = sizeof(node->head) + node->head.key_size;

    size += (node->head.flags & NODE_BIG_FLAG) != 0 ? sizeof(size_t) : node->value_size;
    if (node->head.flags != flags || node->head.key_size == 0 || node->head.key_size > KEY_MOST ||
        (c->kind == TREE_KIND_FREE && node->head.key_size != sizeof(size_t)) || size > most ||
        size > c->page_size - node->at) {
        return 0;
    }
    return size;
}

/* How much of the page a branch's node takes; 0: its key is wrong. The first one's key is not used.
 */
static size_t branch_node_size(const struct check *c, const struct node *node, size_t index)
{
    if (node->head.key_size > KEY_MOST || (index > 0 && node->head.key_size == 0) ||
        (c->kind == TREE_KIND_FREE && index > 0 && node->head.key_size != sizeof(size_t))) {
        return 0;
    }
    return sizeof(node->head) + node->head.key_size;
}

static bool head_check(const struct check *c, const struct page_head *head, size_t number,
                       bool leaf)
{
    size_t least = leaf || c->kind == TREE_KIND_FREE ? 1 : 2;

    return head->number == number && head->flags == (leaf ? PAGE_LEAF_FLAG : PAGE_BRANCH_FLAG) &&
           head->lower >= sizeof(*head) + least * sizeof(uint16_t) && head->lower % 2 == 0 &&
           head->upper >= head->lower && head->upper <= c->page_size;
}

/* Check head and nodes of a page, without following them. *count: of its nodes. The order of keys
 * matters: where it is wrong, a reader who goes from key to key may walk in a circle. */
static bool nodes_check(struct check *c, const uint8_t *page, size_t number, bool leaf,
                        const struct bounds *bounds, size_t *count)
{
    struct page_head head;
    struct node node, before;
    size_t room, first = leaf ? 0 : 1; /* node with a key */

    memcpy(&head, page, sizeof(head));
    if (!head_check(c, &head, number, leaf)) {
        return damaged(c);
    }
    *count = (head.lower - sizeof(head)) / sizeof(uint16_t);
    room = c->page_size - head.upper;
    for (size_t i = 0; i < *count; i++) {
        size_t size;

        if (!node_read(c, page, i, &node)) {
            return false;
        }
        size = leaf ? leaf_node_size(c, &node) : branch_node_size(c, &node, i);
        size += size % 2;
        if (size == 0 || size > room || (i > first && !ordered(c, &before, &node)) ||
            (i == first && bounds->low != NULL && ordered(c, &node, bounds->low)) ||
            (i >= first && bounds->high != NULL && !ordered(c, &node, bounds->high)) ||
            (c->kind == TREE_KIND_FREE && leaf && word_of(node.key) > c->txn)) {
            return damaged(c);
        }
        room -= size;
        before = node;
    }
    return true;
}

static size_t page_below(const struct node *node)
{
    size_t number = node->value_size;

#if SIZE_MAX > UINT32_MAX
    number |= (size_t)node->head.flags << 32;
#endif
    return number;
}

static bool page_walk(struct check *c, size_t number, size_t level, struct bounds bounds);

/* Check the pages below the nodes of a branch. */
static bool branch_walk(struct check *c, const uint8_t *page, size_t count, size_t level,
                        struct bounds bounds)
{
    struct node node, next = {.at = 0};

    if (!node_read(c, page, 0, &node)) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        bool last = i + 1 == count;

        if (!last && !node_read(c, page, i + 1, &next)) {
            return false;
        }
        if (!page_walk(c, page_below(&node), level + 1,
                       (struct bounds){.low = i == 0 ? bounds.low : &node,
                                       .high = last ? bounds.high : &next})) {
            return false;
        }
        node = next;
    }
    return true;
}

static bool leaf_walk(struct check *c, const uint8_t *page, size_t count, size_t number)
{
    struct node node;

    c->entries += count;
    for (size_t i = 0; i < count; i++) {
        if (!node_read(c, page, i, &node) || !value_check(c, &node, number)) {
            return false;
        }
    }
    return true;
}

/* Check a page of the tree and all below it. level: 1 for the root, so this is DEPTH_MAX calls deep
 * at most. */
static bool page_walk(struct check *c, size_t number, size_t level, struct bounds bounds)
{
    uint8_t *page = c->pages + (level - 1) * c->page_size;
    bool leaf = level == c->depth;
    size_t count;

    if (!page_take(c, number, false) ||
        !bytes_read(c, page, c->page_size, (uint64_t)number * c->page_size) ||
        !nodes_check(c, page, number, leaf, &bounds, &count)) {
        return false;
    }
    return leaf ? leaf_walk(c, page, count, number) : branch_walk(c, page, count, level, bounds);
}

static bool tree_check(struct check *c, const struct tree *tree, enum tree_kind kind)
{
    size_t flags = kind == TREE_KIND_FREE ? TREE_INTEGER_KEY_FLAG : 0;

    if (tree->flags != flags || tree->depth > DEPTH_MAX ||
        (tree->root == PAGE_NONE) != (tree->depth == 0)) {
        return damaged(c);
    }
    c->kind = kind;
    c->depth = tree->depth;
    c->entries = 0;
    if (tree->root != PAGE_NONE && !page_walk(c, tree->root, 1, (struct bounds){NULL, NULL})) {
        return false;
    }
    return c->entries == tree->entries || damaged(c);
}

/* -- The file ---------------------------------------------------------------------------------- */

static bool meta_read(struct check *c, struct meta *out, size_t number)
{
    struct page_head head;
    uint64_t at = (uint64_t)number * c->page_size;

    if (!bytes_read(c, &head, sizeof(head), at) ||
        !bytes_read(c, &out->magic, sizeof(out->magic), at + sizeof(head))) {
        return false;
    }
    if (out->magic != META_MAGIC) {
        return wrong(c, number == 0 ? DATABASE_FILE_FOREIGN : DATABASE_FILE_DAMAGED);
    }
    return bytes_read(c, out, sizeof(*out), at + sizeof(head)) &&
           ((out->version == META_VERSION && head.flags == PAGE_META_FLAG &&
             head.number == number) ||
            damaged(c));
}

/* Both meta pages; out is the newer one. The transactions take turns, and each is the next. */
static bool metas_read(struct check *c, struct meta *out)
{
    struct meta metas[META_COUNT];
    size_t size;

    if (!meta_read(c, &metas[0], 0)) {
        return false;
    }
    size = metas[0].free_pages.padding;
    if (size < PAGE_SIZE_LEAST || size > PAGE_SIZE_MOST || (size & (size - 1)) != 0) {
        return damaged(c);
    }
    c->page_size = size;
    if (!meta_read(c, &metas[1], 1)) {
        return false;
    }
    *out = metas[metas[1].txn > metas[0].txn ? 1 : 0];
    if (metas[1].free_pages.padding != size || out->last_page < 1 ||
        out->last_page > FILE_SIZE_MOST / size ||
        (out->txn > 0 && metas[out->txn % 2 == 0 ? 1 : 0].txn != out->txn - 1) ||
        (out->txn == 0 && metas[1].txn != 0)) {
        return damaged(c);
    }
    c->last_page = out->last_page;
    c->txn = out->txn;
    return true;
}

static bool trees_check(struct check *c, const struct meta *meta)
{
    if (!tree_check(c, &meta->free_pages, TREE_KIND_FREE) ||
        !tree_check(c, &meta->main, TREE_KIND_MAIN)) {
        return false;
    }
    for (size_t i = 0; i < c->named_count; i++) {
        if (!tree_check(c, &c->named[i], TREE_KIND_NAMED)) {
            return false;
        }
    }
    return c->last_page + 1 - c->file_pages <= c->unwritten + PAGES_UNTOLD_MAX || damaged(c);
}

static void file_check(struct check *c)
{
    struct meta meta;
    struct stat info;

    if (fstat(c->fd, &info) != 0) {
        c->verdict = DATABASE_FILE_UNREADABLE;
        return;
    }
    if (info.st_size == 0) {
        c->verdict = DATABASE_FILE_EMPTY;
        return;
    }
    if (!metas_read(c, &meta)) {
        return;
    }
    c->file_pages = (size_t)((uint64_t)info.st_size / c->page_size);
    if (c->file_pages > c->last_page + 1) {
        c->file_pages = c->last_page + 1; /* what follows is not in use */
    }
    c->pages = malloc(DEPTH_MAX * c->page_size);
    c->taken = calloc(c->file_pages / 8 + 1, 1);
    if (c->pages == NULL || c->taken == NULL) {
        c->verdict = DATABASE_FILE_NO_MEMORY;
        return;
    }
    (void)trees_check(c, &meta);
}

enum database_file_verdict database_file_check(int fd)
{
    struct check *c = calloc(1, sizeof(*c));
    enum database_file_verdict verdict;
    int cause;

    if (c == NULL) {
        return DATABASE_FILE_NO_MEMORY;
    }
    c->fd = fd;
    file_check(c);
    verdict = c->verdict;
    cause = errno;
    free(c->pages);
    free(c->taken);
    free(c);
    errno = cause;
    return verdict;
}

const char *database_file_text(enum database_file_verdict verdict)
{
    switch (verdict) {
    case DATABASE_FILE_WHOLE:
        return "is whole";
    case DATABASE_FILE_EMPTY:
        return "is empty";
    case DATABASE_FILE_FOREIGN:
        return "is no database";
    case DATABASE_FILE_CUT:
        return "was cut: its end is missing";
    case DATABASE_FILE_DAMAGED:
        return "is damaged";
    case DATABASE_FILE_UNREADABLE:
        return "cannot be read";
    case DATABASE_FILE_NO_MEMORY:
        return "could not be checked, for lack of memory";
    }
    return "is damaged";
}
