/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The states of one path, and which ping is due in each. */
#include "client/path/path.h"

#include "client/stun2/punch_round.h"
#include "proto/base/bytes.h"
#include "proto/wire/frame.h"

#include <string.h>

static const unsigned path_edges[PATH_STATE_COUNT] = {
    [PATH_STATE_TRYING] = 1U << PATH_STATE_REACHABLE | 1U << PATH_STATE_TRYING,
    [PATH_STATE_REACHABLE] = 1U << PATH_STATE_USABLE | 1U << PATH_STATE_TRYING,
    [PATH_STATE_USABLE] = 1U << PATH_STATE_SUSPECT | 1U << PATH_STATE_TRYING,
    [PATH_STATE_SUSPECT] =
        1U << PATH_STATE_USABLE | 1U << PATH_STATE_TRYING | 1U << PATH_STATE_SUSPECT,
};

static void enter(struct path *path, enum path_state next, struct mono now)
{
    CHECK((path_edges[path->state] & 1U << next) != 0);
    path->state = next;
    path->mtu.passed = 0;
    path->at.entered_at = now;
}

void path_init(struct path *path, const struct endpoint *local, const struct endpoint *remote,
               bool observed, uint16_t frame_size_full, struct mono now)
{
    *path = (struct path){
        .state = PATH_STATE_TRYING,
        .local = *local,
        .remote = *remote,
        .observed = observed,
        .keepalive_ms = KEEPALIVE_MS_UNMEASURED,
        .mtu = {.full = frame_size_full,
                .search_at = now,
                .asked_at = now,
                .passed_at = now,
                .large_at = MONO_NEVER,
                .raised_at = MONO_NEVER},
        .at = path_times_from(now),
    };
}

void path_init_relay(struct path *path, struct relay_session *relay, uint8_t rank, struct mono now)
{
    *path = (struct path){
        .kind = PATH_KIND_RELAY,
        .state = PATH_STATE_USABLE,
        .relay = relay,
        .rank = rank,
        .frame_size = FRAME_SIZE_MAX, /* the link falls back to capsules */
        .at = path_times_from(now),
    };
}

static uint64_t max_u64(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

/* From now on frames have this size: it passed. */
static void set_frame_size(struct path *path, uint16_t frame_size, struct mono now)
{
    path->frame_size = frame_size;
    path->mtu.passed = 0;
    path->mtu.questions = 0;
    path->mtu.overtaken = 0;
    path->mtu.passed_at = now;
    path->mtu.large_at = MONO_NEVER;
}

/* Larger frames do not pass now: smaller ones are used, and larger ones are tried again later. */
static void shrink(struct path *path, uint16_t frame_size, uint64_t again_ms, struct mono now)
{
    set_frame_size(path, frame_size, now);
    path->mtu.search_at = mono_add_ms(now, again_ms);
}

static bool is_lane(const struct path *path)
{
    return path->kind == PATH_KIND_LANE;
}

static void add_size(struct path_due *due, uint16_t frame_size)
{
    due->sizes[due->count++] = frame_size;
}

/* What stands before each frame. */
static size_t head_size(const struct path *path)
{
    return is_lane(path) ? (size_t)LANE_HEADER_SIZE : 0;
}

/* ---- a usable path ---- */

/* Ask whether the size in use passes, and what passes otherwise. */
static void ask_all_sizes(const struct path *path, struct path_due *due)
{
    due->count = path_sizes_below(due->sizes, path->frame_size, head_size(path));
}

/* When the size in use is asked about (again). Frames are not acknowledged, and those that come
 * from the peer say nothing about ours. So while large ones are sent, a ping of their size must be
 * answered now and then, or they could vanish for as long as small ones keep the path alive. A
 * question that stays open is repeated, with smaller sizes beside it. */
static struct mono size_question_at(const struct path *path)
{
    const struct path_mtu *mtu = &path->mtu;
    uint64_t wait_ns = mtu->questions == 1 ? path->rtt_ns + path->rtt_ns / 4 : path->rtt_ns / 3;

    if (mtu->questions > PATH_SIZE_QUESTIONS_FAST) {
        wait_ns = PATH_SIZE_SLOW_MS * NS_PER_MS;
    }
    if (mtu->questions > 0) {
        return mono_add_ns(mtu->asked_at, max_u64(wait_ns, PATH_SIZE_REPEAT_MS * NS_PER_MS));
    }
    return mtu->large_at.ns == MONO_NEVER.ns ? MONO_NEVER
                                             : mono_add_ms(mtu->passed_at, PATH_SIZE_CONFIRM_MS);
}

/* When a ping has to show that the path lives: if a frame that was sent gets no reply. While the
 * conversation is active, a ping also keeps the NAT mapping. NEVER: such a ping is on its way. */
static struct mono live_question_at(const struct path *path, bool active)
{
    if (path->at.live_ping_at.ns != MONO_NEVER.ns) {
        return MONO_NEVER;
    }
    if (path->at.unanswered_at.ns != MONO_NEVER.ns) {
        return path_doubt_question_at(&path->at, path->rtt_ns);
    }
    return active ? mono_add_ms(path->at.sent_at, path->keepalive_ms) : MONO_NEVER;
}

/* A larger frame is looked for. A search and a question are never due in one call. */
static void expire_search(struct path *path, struct path_due *due, struct mono now)
{
    if (mono_due(path->mtu.search_at, now)) {
        due->count =
            path_sizes_above(due->sizes, path->frame_size, path->mtu.full, head_size(path));
        path->mtu.search_at = mono_add_ms(now, PATH_SIZE_RETRY_MS);
    }
    due->again = mono_min(due->again, path->mtu.search_at);
}

/* The doubt about a direct path begins: true once for each silence. */
static bool begins_doubt(struct path *path, struct mono now)
{
    bool begins = path_is_direct(path) && path_is_doubted(path, now) &&
                  mono_before(path->at.doubted_at, path->at.live_ping_at);

    path->at.doubted_at = begins ? now : path->at.doubted_at;
    return begins;
}

/* A usable path becomes suspect when the pings that ask for a sign of life stay unanswered. */
static void expire_usable(struct path *path, bool active, struct path_due *due, struct mono now)
{
    struct mono live_at = live_question_at(path, active);
    struct mono size_at = size_question_at(path);

    if (mono_due(path_doubt_ends_at(&path->at, is_lane(path), path->rtt_ns), now)) {
        enter(path, PATH_STATE_SUSPECT, now);
        due->became_suspect = true;
        due->again = now;
        return;
    }
    due->again = mono_min(live_at, size_at);
    if (mono_due(due->again, now)) {
        due->again = mono_add_ms(now, is_lane(path) ? PATH_LANE_REPEAT_MS : PATH_PING_REPEAT_MS);
        if (path->mtu.questions > 0) {
            ask_all_sizes(path, due);
        } else {
            add_size(due, path->frame_size);
        }
        if (mono_due(live_at, now)) {
            path->at.live_ping_at = now;
        } else {
            due->again = mono_min(due->again, live_at);
        }
    }
    due->became_doubted = begins_doubt(path, now);
    due->again =
        mono_min(due->again, path_doubt_next_at(&path->at, is_lane(path), path->rtt_ns, now));
    if (active && path->frame_size < path->mtu.full && due->count == 0) {
        expire_search(path, due, now);
    }
}

/* ---- paths that are not usable ---- */

/* A reachable path becomes usable through the MTU search. It is given up when all rounds failed. */
static void expire_reachable(struct path *path, struct path_due *due, struct mono now)
{
    uint64_t wait_ns = max_u64(2 * path->rtt_ns, PATH_SILENCE_MS * NS_PER_MS);

    if (!mono_due(path->mtu.search_at, now)) {
        due->again = path->mtu.search_at;
        return;
    }
    if (path->mtu.tries >= 2 * PATH_SIZE_TRIES_MAX) {
        due->given_up = true;
        return;
    }
    path->mtu.tries++;
    path->mtu.search_at = mono_add_ns(now, wait_ns);
    due->count = path_sizes_first(due->sizes, path->frame_size, path->mtu.full, head_size(path),
                                  path->mtu.tries > PATH_SIZE_TRIES_MAX);
    due->again = path->mtu.search_at;
}

/* Punch rounds send most pings of such a path. Here it is pinged only once; a path that answered
 * before the network changed is pinged until it is given up. */
static void expire_trying(const struct path *path, struct path_due *due, struct mono now)
{
    bool sent_since = !path->answered && mono_before(path->at.entered_at, path->at.sent_at);
    struct mono end =
        mono_add_ms(sent_since ? path->at.sent_at : path->at.entered_at, PATH_TRYING_GIVE_UP_MS);
    struct mono ping_at = path->at.ping_sent_at.ns == MONO_NEVER.ns ? path->at.entered_at
                          : path->answered
                              ? mono_add_ms(path->at.ping_sent_at, PATH_TRYING_REPEAT_MS)
                              : MONO_NEVER;

    due->given_up = mono_due(end, now);
    if (!due->given_up && mono_due(ping_at, now) && path_may_ping(path)) {
        add_size(due, 0);
        due->hops = path_is_direct(path) && path->answered &&
                            mono_ms_between(path->at.entered_at, now) < PATH_TRYING_NEAR_MS
                        ? PUNCH_NEAR_HOPS
                        : 0;
        ping_at = mono_add_ms(now, PATH_TRYING_REPEAT_MS);
    }
    due->again = mono_due(ping_at, now) ? end : mono_min(end, ping_at);
}

/* When a suspect path is used again for smaller frames, if those were answered: the answer to one
 * of full size may come a little later. */
static struct mono smaller_at(const struct path *path)
{
    return path->mtu.passed == 0
               ? MONO_NEVER
               : mono_add_ns(path->mtu.passed_at, PATH_SILENCE_MS * NS_PER_MS + path->rtt_ns / 4);
}

/* The pings become rarer, but they go on, so that we notice when the path works again, if only for
 * smaller frames. */
static void expire_suspect(struct path *path, struct path_due *due, struct mono now)
{
    uint64_t waited_ns = mono_ns_between(path->at.entered_at, now);
    uint64_t pause_ns = waited_ns / 2 < PATH_SUSPECT_PING_MS_MAX * NS_PER_MS
                            ? waited_ns / 2
                            : PATH_SUSPECT_PING_MS_MAX * NS_PER_MS;
    struct mono ping_at =
        path->at.ping_sent_at.ns == MONO_NEVER.ns
            ? path->at.entered_at
            : mono_add_ns(path->at.ping_sent_at, max_u64(PATH_DEAD_MS * NS_PER_MS, pause_ns));

    if (mono_due(smaller_at(path), now)) {
        uint16_t frame_size = path->mtu.passed;

        enter(path, PATH_STATE_USABLE, now);
        shrink(path, frame_size, PATH_SIZE_AGAIN_MS, now);
        due->became_usable = true;
        due->again = now;
        return;
    }
    due->given_up = waited_ns >= PATH_SUSPECT_GIVE_UP_MS * NS_PER_MS;
    if (!due->given_up && mono_due(ping_at, now)) {
        ask_all_sizes(path, due);
        ping_at = mono_add_ms(now, PATH_DEAD_MS);
    }
    due->again = mono_min(ping_at, smaller_at(path));
}

struct path_due path_expire(struct path *path, bool active, struct mono now)
{
    struct path_due due = {.again = MONO_NEVER};

    switch (path->state) {
    case PATH_STATE_TRYING:
        expire_trying(path, &due, now);
        break;
    case PATH_STATE_REACHABLE:
        expire_reachable(path, &due, now);
        break;
    case PATH_STATE_USABLE:
        expire_usable(path, active, &due, now);
        break;
    case PATH_STATE_SUSPECT:
        expire_suspect(path, &due, now);
        break;
    case PATH_STATE_COUNT:
        break;
    }
    return due;
}

void path_keep(struct path *path, const struct keepalive *keepalive)
{
    path->keepalive_ms = keepalive_ms(keepalive, path->at.entered_at, path->at.received_at);
}

void path_on_sent(struct path *path, size_t frame_size, struct mono now)
{
    path->at.sent_at = now;
    if (frame_size >= PATH_LARGE_FRAME_SIZE && path->mtu.large_at.ns == MONO_NEVER.ns) {
        path->mtu.large_at = now;
    }
    if (path->at.unanswered_at.ns == MONO_NEVER.ns) {
        path->at.unanswered_at = now;
    }
}

void path_on_received(struct path *path, struct mono now)
{
    path_times_on_received(&path->at, now);
    path->heard = true;
    if (path->kind == PATH_KIND_RELAY && path->state == PATH_STATE_SUSPECT) {
        enter(path, PATH_STATE_USABLE, now);
    }
    if (path->state == PATH_STATE_USABLE) {
        path->at.live_ping_at = MONO_NEVER;
    }
}

void path_on_asked(struct path *path, struct mono now)
{
    path->at.received_at = now;
    path->heard = true;
}

void path_on_ping_sent(struct path *path, uint64_t transaction, uint16_t frame_size,
                       struct mono now)
{
    struct path_ping *slot = &path->pings[0];

    for (size_t i = 0; i < PATH_PINGS_MAX; i++) {
        struct path_ping *ping = &path->pings[i];

        if (ping->transaction == 0) {
            slot = ping;
            break;
        }
        if (mono_before(ping->sent_at, slot->sent_at)) {
            slot = ping;
        }
    }
    *slot =
        (struct path_ping){.transaction = transaction, .sent_at = now, .frame_size = frame_size};
    path->at.ping_sent_at = now;
    if (path->state == PATH_STATE_USABLE && frame_size == path->frame_size) {
        path->mtu.asked_at = now;
        if (path->mtu.questions < UINT8_MAX) {
            path->mtu.questions++;
        }
    }
    if (!path->heard && path->silent_pings < UINT8_MAX) {
        path->silent_pings++;
    }
    path_on_sent(path, 0, now);
}

void path_on_ping_ends_before(struct path *path)
{
    if (!path->heard && path->silent_pings > 0) {
        path->silent_pings--;
    }
}

bool path_may_ping(const struct path *path)
{
    return path->heard || path->silent_pings <
                              (path->observed ? PATH_SILENT_PINGS_MAX : PATH_UNOBSERVED_PINGS_MAX);
}

/* Both sides ping back when they are pinged. The limit keeps a ping in the list until its pong can
 * be here. Without it newer pings would replace it, the pong would match nothing, and both sides
 * would ping for ever. */
bool path_wants_ping_back(const struct path *path, struct mono now)
{
    size_t outstanding = 0;

    if (path->state != PATH_STATE_TRYING) {
        return false;
    }
    for (size_t i = 0; i < PATH_PINGS_MAX; i++) {
        const struct path_ping *ping = &path->pings[i];

        outstanding +=
            ping->transaction != 0 && mono_ms_between(ping->sent_at, now) < PATH_PING_LOST_MS ? 1
                                                                                              : 0;
    }
    return outstanding < PATH_PINGS_BACK_MAX &&
           (path->at.ping_sent_at.ns == MONO_NEVER.ns ||
            mono_ms_between(path->at.ping_sent_at, now) >= PATH_PING_BACK_MS);
}

void path_doubt(struct path *path, struct mono since, struct mono now)
{
    if (path->state == PATH_STATE_USABLE && mono_before(path->at.received_at, since)) {
        enter(path, PATH_STATE_SUSPECT, now);
    }
}

bool path_is_doubted(const struct path *path, struct mono now)
{
    return path->at.live_ping_at.ns != MONO_NEVER.ns && path->kind != PATH_KIND_RELAY &&
           path->state == PATH_STATE_USABLE &&
           mono_due(path_doubt_begins_at(&path->at, is_lane(path), path->rtt_ns), now);
}

bool path_leave(struct path *path, struct mono now)
{
    bool leaves = path_is_doubted(path, now);

    if (leaves) {
        enter(path, PATH_STATE_SUSPECT, now);
    }
    return leaves;
}

bool path_was_silent(const struct path *path)
{
    return path->at.unanswered_at.ns != MONO_NEVER.ns &&
           mono_ms_between(path->at.received_at, path->at.unanswered_at) >= KEEPALIVE_MS_MIN;
}

bool path_stale(const struct path *path, struct mono now)
{
    return mono_ms_between(path->at.received_at, now) >= path->keepalive_ms + PATH_STALE_MORE_MS;
}

/* Frames of the size in use do not pass any more. */
static void fall(struct path *path, struct mono now)
{
    if (path->mtu.passed == 0) {
        enter(path, PATH_STATE_SUSPECT, now);
        return;
    }
    bool unsure = path->mtu.raised_at.ns != MONO_NEVER.ns &&
                  mono_ms_between(path->mtu.raised_at, now) < PATH_SIZE_UNSURE_MS;

    shrink(path, path->mtu.passed, unsure ? PATH_SIZE_RETRY_MS : PATH_SIZE_AGAIN_MS, now);
}

/* A ping smaller than the size in use was answered, and those of the size in use that left no later
 * were not: they are late, or lost. A queue on the way makes all late alike, and random loss does
 * not take the large ones only. */
static void note_overtaken(struct path *path, const struct path_ping *answered, struct mono now)
{
    for (size_t i = 0; i < PATH_PINGS_MAX; i++) {
        struct path_ping *ping = &path->pings[i];

        if (ping->transaction != 0 && !ping->overtaken && ping->frame_size == path->frame_size &&
            !mono_before(answered->sent_at, ping->sent_at)) {
            ping->overtaken = true;
            path->mtu.overtaken++;
        }
    }
    if (answered->frame_size >= PATH_FRAME_SIZE_MIN && answered->frame_size > path->mtu.passed) {
        path->mtu.passed = answered->frame_size;
    }
    if (path->mtu.overtaken >= PATH_SIZE_OVERTAKEN_MAX) {
        fall(path, now);
    }
}

static void pong_state(struct path *path, const struct path_ping *answered, struct mono now)
{
    uint16_t frame_size = answered->frame_size;
    bool size_passed = frame_size >= PATH_FRAME_SIZE_MIN || frame_size >= path->mtu.full;

    if (path->state == PATH_STATE_TRYING) {
        enter(path, PATH_STATE_REACHABLE, now);
        path->mtu.search_at = now;
        path->mtu.tries = 0;
    }
    if (path->state == PATH_STATE_SUSPECT && size_passed && frame_size < path->frame_size) {
        path->mtu.passed_at = path->mtu.passed == 0 ? now : path->mtu.passed_at;
        path->mtu.passed = frame_size > path->mtu.passed ? frame_size : path->mtu.passed;
    } else if ((path->state == PATH_STATE_REACHABLE || path->state == PATH_STATE_SUSPECT) &&
               size_passed) {
        enter(path, PATH_STATE_USABLE, now);
        set_frame_size(path, frame_size, now);
        path->mtu.search_at = mono_add_ns(now, PATH_SIZE_SOON_MS * NS_PER_MS + path->rtt_ns / 4);
    } else if (path->state == PATH_STATE_USABLE && frame_size >= path->frame_size) {
        path->mtu.raised_at = frame_size > path->frame_size ? now : path->mtu.raised_at;
        set_frame_size(path, frame_size, now);
    } else if (path->state == PATH_STATE_USABLE && path->mtu.questions > 0) {
        note_overtaken(path, answered, now);
    }
}

bool path_on_pong(struct path *path, uint64_t transaction, struct mono now)
{
    for (size_t i = 0; i < PATH_PINGS_MAX; i++) {
        struct path_ping *ping = &path->pings[i];

        if (transaction == 0 || ping->transaction != transaction) {
            continue;
        }
        uint64_t rtt_ns = mono_ns_between(ping->sent_at, now);
        struct path_ping answered = *ping;

        *ping = (struct path_ping){0};
        path->at.last_rtt_ns = rtt_ns;
        path->rtt_ns = path->rtt_ns == 0 ? rtt_ns + 1 : (7 * path->rtt_ns + rtt_ns) / 8 + 1;
        path->at.live_ping_at = MONO_NEVER;
        path->at.ping_sent_at = MONO_NEVER;
        path_on_received(path, now);
        path->answered = true;
        if (path_is_bare(path)) {
            pong_state(path, &answered, now);
        }
        return true;
    }
    return false;
}

void path_retry(struct path *path, struct mono now)
{
    /* The former local address may be gone, but the socket is there. */
    const struct endpoint any = {.port = path->local.port};
    bool answered = path->answered;
    struct endpoint remote = path->remote;

    path_init(path, &any, &remote, path->observed, path->mtu.full, now);
    path->answered = answered;
    path->heard = answered;
}

void path_question(struct path *path, struct mono now)
{
    if (path->state == PATH_STATE_USABLE) {
        path->at.unanswered_at = mono_min(path->at.unanswered_at, now);
    }
}

/* A path that is suspect already enters the state anew: path_choose_relay then takes the others
 * before it. */
static void suspect_relay(struct path *path, struct mono now)
{
    enter(path, PATH_STATE_SUSPECT, now);
    path->at.live_ping_at = MONO_NEVER;
}

void path_relay_expire(struct path *path, struct mono now)
{
    if (path->at.live_ping_at.ns == MONO_NEVER.ns) {
        path->at.live_ping_at = now;
    } else if (mono_ms_between(path->at.live_ping_at, now) >= PATH_PING_LOST_MS) {
        suspect_relay(path, now);
    }
}

void path_relay_doubt(struct path *path, struct mono since, struct mono now)
{
    if (mono_before(path->at.received_at, since)) {
        suspect_relay(path, now);
    }
}

void path_relay_forgive(struct path *path)
{
    path->at.unanswered_at = MONO_NEVER;
}

void path_relay_on_open(struct path *path, struct mono now)
{
    path->at.live_ping_at = MONO_NEVER;
    path_relay_forgive(path);
    if (path->state == PATH_STATE_SUSPECT) {
        enter(path, PATH_STATE_USABLE, now);
    }
}

bool path_is_direct(const struct path *path)
{
    return path != NULL && path->kind == PATH_KIND_DIRECT;
}

bool path_is_bare(const struct path *path)
{
    return path != NULL && path->kind != PATH_KIND_RELAY;
}

const char *path_state_name(enum path_state state)
{
    static const char *const names[PATH_STATE_COUNT] = {
        [PATH_STATE_TRYING] = "trying",
        [PATH_STATE_REACHABLE] = "reachable",
        [PATH_STATE_USABLE] = "usable",
        [PATH_STATE_SUSPECT] = "suspect",
    };

    return state < PATH_STATE_COUNT ? names[state] : "unknown";
}
