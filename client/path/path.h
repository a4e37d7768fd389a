/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One way to reach a peer, and what we know of it. A direct path is an address: reachable (a pong
 * came), usable (a pong to a ping of a useful size came), how large a frame may be, how long a
 * round trip takes, whether it still lives. A lane is the same by way of a relay: once it is bound
 * (lane.h), it is pinged and searched as a direct path. A relayed path is a session to a relay: it
 * carries frames of any size, and is usable as long as the session is open. Pure: it decides which
 * ping is due; peer/pinging seals and sends it.
 *
 *   TRYING --pong--> REACHABLE --pong of a useful size--> USABLE --pings unanswered--> SUSPECT
 *   USABLE --pings unanswered, and another way answers--> SUSPECT
 *   USABLE --smaller pings answered, but none of a useful size--> SUSPECT
 *   SUSPECT --pong of a useful size--> USABLE
 *   TRYING, REACHABLE, SUSPECT --no such pong for long--> given up (the path table removes it)
 *
 * A relayed path begins USABLE. It becomes SUSPECT when something that was sent through it stays
 * unanswered, and USABLE again when anything comes through it or its session opens again.
 */
#pragma once

#include "client/path/path_doubt.h"
#include "client/path/path_sizes.h"
#include "client/path/path_times.h"
#include "client/stun2/keepalive.h"
#include "client/stun2/relay_session.h"
#include "client/stun2/way.h"
#include "proto/base/mono.h"
#include "proto/crypto/lane.h"
#include "proto/net/endpoint.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum path_kind {
    PATH_KIND_DIRECT,
    PATH_KIND_RELAY,
    PATH_KIND_LANE,
};

enum path_state {
    PATH_STATE_TRYING,
    PATH_STATE_REACHABLE,
    PATH_STATE_USABLE,
    PATH_STATE_SUSPECT, /* was usable; a ping stayed unanswered */
    PATH_STATE_COUNT,
};

enum {
    PATH_PINGS_MAX = 32,        /* outstanding pings remembered */
    PATH_PINGS_BACK_MAX = 8,    /* ping back only while fewer are unanswered */
    PATH_PING_BACK_MS = 20,     /* between two pings back */
    PATH_PING_LOST_MS = 1000,   /* an unanswered ping this old is lost */
    PATH_SPOKE_MS = 2000,       /* between two packets of somebody who speaks */
    PATH_STALE_MORE_MS = 10000, /* beyond a keepalive, without a sign of life */
    PATH_SIZE_RETRY_MS = 30000, /* between two searches for a larger frame size */
    PATH_SIZE_TRIES_MAX = 3,
    PATH_SIZE_CONFIRM_MS = 200,   /* with large frames going: from a pong to the next question */
    PATH_SIZE_REPEAT_MS = 50,     /* between two questions, or a third of a round trip */
    PATH_SIZE_SOON_MS = 100,      /* to the first search of a path that became usable, and a quarter
                                     of a round trip */
    PATH_SIZE_AGAIN_MS = 1000,    /* to the first search after a path came to be smaller */
    PATH_SIZE_UNSURE_MS = 10000,  /* a size that fails so soon after it was found is left alone
                                     for PATH_SIZE_RETRY_MS */
    PATH_SIZE_OVERTAKEN_MAX = 3,  /* so many pings, each passed by a smaller one: no such frame
                                     passes */
    PATH_SIZE_QUESTIONS_FAST = 6, /* questions without an answer come so often in haste, ... */
    PATH_SIZE_SLOW_MS = 1000,     /* ... and then with this between two of them */
    PATH_TRYING_GIVE_UP_MS = 5000,
    PATH_TRYING_REPEAT_MS = 250,     /* a path that answered before the network changed */
    PATH_TRYING_NEAR_MS = 2000,      /* so long its pings only open our own NAT (punching.h) */
    PATH_SILENT_PINGS_MAX = 8,       /* to an address from which nothing was heard ... */
    PATH_UNOBSERVED_PINGS_MAX = 2,   /* ... and that no relay observed for the peer */
    PATH_SUSPECT_PING_MS_MAX = 4000, /* between two pings of a suspect path */
    PATH_SUSPECT_GIVE_UP_MS = 60000,
    PATH_LARGE_FRAME_SIZE = 256, /* from here on a frame is large: there is a smaller fragment of
                                    every plaintext that is cut for PATH_FRAME_SIZE_MIN */
};

/** A ping that was not answered yet. */
struct path_ping {
    uint64_t transaction; /* 0: free */
    struct mono sent_at;
    uint16_t frame_size;
    bool overtaken; /* a smaller ping that was sent no earlier was answered before it */
};

/** What the search for the largest frame knows (not of relayed paths), and the question whether the
 * size in use still passes. A ping of that size asks it, and only a pong to one answers it. */
struct path_mtu {
    uint16_t full;   /* the size we would like */
    uint16_t told;   /* the size of frames that the log knows; 0: none yet */
    uint16_t passed; /* the largest smaller size that passed since it was asked; 0: none */
    uint8_t tries;
    uint8_t questions;     /* pings of the size in use since one was answered */
    uint8_t overtaken;     /* of these */
    struct mono search_at; /* when the sizes are to be tried again */
    struct mono asked_at;  /* the last question */
    struct mono passed_at; /* the last answer; while suspect: the first one of a smaller size */
    struct mono large_at;  /* first large frame sent since then; NEVER: none */
    struct mono raised_at; /* a search found the size in use; NEVER: none did */
};

struct path {
    enum path_kind kind;
    enum path_state state;
    struct endpoint local, remote; /* direct; of a lane the relay's */
    struct way way;                /* direct: from local to remote */
    struct relay_session *relay;   /* relayed, lane; borrowed, see path_table_forget_relay */
    struct path *by_lane;          /* relayed: the lane through the same relay; NULL: none */
    struct lane lane;              /* lane */
    uint8_t rank;                  /* relayed: of two that both work, the smaller one is used */
    bool observed;                 /* a relay observed this address for the peer */
    bool heard;                    /* something valid claimed to come from there */
    bool answered;                 /* a pong to our own ping came: no forged source does that */
    bool held;                     /* not used until it was looked whether its way changed */
    uint8_t silent_pings;          /* pings sent to it before anything was heard */
    uint16_t frame_size;           /* the largest frame that passes; 0 until usable */
    uint64_t rtt_ns;               /* smoothed; 0 until the first pong */
    uint32_t keepalive_ms;         /* direct, lane: between two packets that keep it */
    struct path_mtu mtu;
    struct path_times at;
    struct path_ping pings[PATH_PINGS_MAX];
};

/** Which ping wants to be sent. */
struct path_due {
    uint16_t sizes[PATH_SIZES_MAX]; /* send a ping of each of these frame sizes now, in this order;
                                       0: the smallest */
    size_t count;
    uint8_t hops;        /* they travel so far; 0: all the way */
    bool became_usable;  /* this call changed SUSPECT to USABLE, for smaller frames */
    bool became_suspect; /* this call changed USABLE to SUSPECT */
    bool became_doubted; /* a direct path is silent for too long: ask by other ways, too */
    bool given_up;       /* remove the path */
    struct mono again;   /* when to ask again */
};

/** A fresh path to `remote`, leaving from `local`. */
void path_init(struct path *path, const struct endpoint *local, const struct endpoint *remote,
               bool observed, uint16_t frame_size_full, struct mono now);

/** A fresh path through a relay, usable from now on. */
void path_init_relay(struct path *path, struct relay_session *relay, uint8_t rank, struct mono now);

/** What is due now on a direct path or a bound lane; `active` says that the conversation carries
 * traffic (keepalives matter). */
struct path_due path_expire(struct path *path, bool active, struct mono now);

/** From now on something goes so often that NATs keep the path, if the conversation is active. */
void path_keep(struct path *path, const struct keepalive *keepalive);

/** A frame of frame_size bytes was sent / something authenticated was received on this path. */
void path_on_sent(struct path *path, size_t frame_size, struct mono now);
void path_on_received(struct path *path, struct mono now);

/** A ping of the peer came by this bare path. That does not say whether the peer hears us: who asks
 * may do so because it does not. */
void path_on_asked(struct path *path, struct mono now);

/** A ping was sent. */
void path_on_ping_sent(struct path *path, uint64_t transaction, uint16_t frame_size,
                       struct mono now);

/** The ping that was sent last ends before the address: it is none of those that a silent one gets.
 */
void path_on_ping_ends_before(struct path *path);

/** The peer pinged us by this path. True if it is to be pinged back: only in state TRYING. */
bool path_wants_ping_back(const struct path *path, struct mono now);

/** Another path to the same peer has been silent since `since`. If this path is usable and has been
 * silent as long, it becomes suspect: it is pinged at once, and not used before it answers. */
void path_doubt(struct path *path, struct mono since, struct mono now);

/** True from when a usable bare path's doubt begins (path_doubt.h) until it answers or is left:
 * frames go by another way, too. */
bool path_is_doubted(const struct path *path, struct mono now);

/** Another way to the peer answered. If this path is doubted, it becomes suspect: true. */
bool path_leave(struct path *path, struct mono now);

/** True if nothing came by this path for so long that the NATs on the way may have forgotten it.
 * This happens when there is no traffic, because keepalives stop then, too. */
bool path_stale(const struct path *path, struct mono now);

/** True if the pong belongs to a ping of this path; state, round trip and frame size follow. The
 * frame size falls if smaller pings are answered and those of the size in use are not. */
bool path_on_pong(struct path *path, uint64_t transaction, struct mono now);

/** False if the path had its share of pings without a sign of life (docs/protocol.md, section 12).
 */
bool path_may_ping(const struct path *path);

/** The network changed: begin in state TRYING again. Kept are only the remote address, whether a
 * relay observed it, whether it ever answered, and the frame size we would like. */
void path_retry(struct path *path, struct mono now);

/** The network changed, and perhaps the way of this path did: if it is usable, it is pinged soon.
 */
void path_question(struct path *path, struct mono now);

/** A relayed path was pinged. It becomes SUSPECT if nothing came through it since an earlier ping
 * that is PATH_PING_LOST_MS old or older. */
void path_relay_expire(struct path *path, struct mono now);

/** A frame other than a ping was sent through the relay at `since`, and its answer is overdue. If
 * nothing came through this relay since then, the path becomes SUSPECT. */
void path_relay_doubt(struct path *path, struct mono since, struct mono now);

/** That what was sent through it is not answered says nothing about later: this host knows that the
 * relay itself is late. */
void path_relay_forgive(struct path *path);

/** The relay's session was opened (again): a SUSPECT path is USABLE, and pings from before do not
 * count any more. */
void path_relay_on_open(struct path *path, struct mono now);

/** True if the first packet that got no answer was sent after a silence. */
bool path_was_silent(const struct path *path);

/** True for a path that is not NULL and direct. */
bool path_is_direct(const struct path *path);

/** True for a path that is not NULL and whose frames are datagrams of our own: direct, or a lane.
 */
bool path_is_bare(const struct path *path);

/** The state's name for people: "trying", "reachable", "usable", "suspect". */
const char *path_state_name(enum path_state state);
