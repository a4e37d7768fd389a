/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the files of the relay core share: its state, and the functions by which one concept calls
 * another. Nothing outside relayd/ includes this.
 *
 *   core.c            dispatch by first byte, timers, life and death of a core
 *   session.c         sessions: opened, admitted, replaced, closing, closed
 *   control.c         one control message: rate, unpacking, dispatch, answers
 *   forward.c         HTTP datagrams from session to session, Gone
 *   limits.c          every number that protects a volunteer
 *   stun_service.c    STUN on the same port
 *   http_service.c    pages for foreign HTTP/3 clients
 *   join_service.c    joins, those of one turn in one transaction
 *   ziglan_service.c  lookup, leave, and the operator's verbs
 *   watch_service.c   changes streamed to members who watch
 *   punch_service.c   introductions
 */
#pragma once

#include "proto/base/bucket.h"
#include "proto/base/bucket_table.h"
#include "proto/base/map.h"
#include "proto/base/wall_watch.h"
#include "proto/wire/control.h"
#include "proto/wire/name.h"
#include "proto/wire/record.h"
#include "proto/wire/url.h"
#include "relayd/core/core.h"
#include "relayd/core/fair.h"
#include "relayd/core/session_index.h"

#include <sys/queue.h>

enum {
    SESSION_MAX_DEFAULT = 10000,
    WATCH_MAX_DEFAULT = 10000,
    ADMISSION_MS = 60000, /* a stranger's session lives this long without admission */
    CLOSING_MS = 250,     /* between GoAway and the end, so that it is read */
    HOUSEKEEPING_MS = 60000,
    CONTROL_PER_S = 20, /* control messages of one session */
    CONTROL_BURST = 100,
    JOINS_MAX = 32,     /* joins that wait for one transaction */
    BROADCAST_COST = 5, /* tokens, of which a member gets one a second: see limits_broadcast_take */
    BROADCAST_BURST = 100 * BROADCAST_COST,
    BROADCAST_KEYS_MAX = 16384,
    STRANGER_BYTES_PER_S = 20 * 1000 * 1000 / 8, /* 20 Mbit/s of one key */
    STRANGER_BURST_S = 2,
    STRANGERS_PER_ADDRESS = 64, /* IPv4 address or IPv6 /56 */
    STRANGERS_PER_NET = 512,    /* IPv4 /24 or IPv6 /48 */
    GONE_MARKS = 8,             /* keys that one session is told about per second */
    GONE_EVERY_MS = 1000,
    STUN_ADDRESSES_MAX = 65536,
    STUN_QUEUE_MAX = 256, /* answers between two transmits */
    HTTP_PER_S = 10,      /* pages to one IPv4 address or IPv6 /56 */
    HTTP_BURST = 50,
    HTTP_ADDRESSES_MAX = 4096,
    WATCH_BATCH_MS = 20,             /* changes are collected for this long */
    WATCH_MESSAGES_PER_TURN = 4,     /* to one watcher, 64 KiB */
    WATCH_MESSAGES_PER_EXPIRE = 256, /* to all of them, before anything else has its turn */
    WATCH_WAITING_MAX = 65536,       /* bytes that a slow watcher has not taken yet */
    WATCH_ONLINE_PER_MESSAGE = 8,    /* members whose records certainly fit one Changes */
    ONLINE_RING_SIZE = 1024,
    DELEGATION_RENEW_MS = 24 * 3600 * 1000,
    RELAYED_FRAME_SIZE_MIN = 16, /* the shortest host-to-host frame has a 16-byte header */
};

#define DELEGATION_LIFETIME_MS (UINT64_C(30) * 24 * 3600 * 1000)
#define DELEGATION_WARN_MS (UINT64_C(7) * 24 * 3600 * 1000)

/*
 * STRANGER --join--> MEMBER --leave--> STRANGER
 *     |                |
 *     +----------------+--- replaced, revoked, busy, not admitted (any more), shutdown ---> CLOSING
 */
enum relay_client_state {
    RELAY_CLIENT_STATE_STRANGER, /* until `deadline`, unless the relay is open to strangers */
    RELAY_CLIENT_STATE_MEMBER,   /* until `deadline`: its admission is over and was not renewed */
    RELAY_CLIENT_STATE_CLOSING,  /* GoAway was sent; the connection is closed at `deadline` */
};

/* Numbers of GoAway.reason in control.proto. */
enum goaway {
    GOAWAY_SHUTDOWN = 0,
    GOAWAY_REPLACED = 1,
    GOAWAY_REVOKED = 2,
    GOAWAY_BUSY = 3,
    GOAWAY_NOT_ADMITTED = 4,
};

/* A Join that was received in this turn, and what came of it. */
struct join_waiting {
    struct handle handle;
    uint8_t key[KEY_SIZE];
    uint32_t request_id;
    bool counted; /* as news */
    size_t invite_size, part_size;
    uint8_t invite[INVITE_SIZE];
    char wanted_name[NAME_TEXT_SIZE];
    uint8_t part[RECORD_SIGNED_SIZE_MAX];
    enum verdict verdict;
    struct directory_joined joined;
};

/* A Gone that was sent: none for the same key within GONE_EVERY_MS. */
struct gone_mark {
    bool used;
    uint8_t dst[KEY_SIZE];
    struct mono at;
};

/* Where one watcher is in the stream of changes. */
struct watch {
    bool on;
    uint32_t request_id;   /* of the Watch, for its first answer; then 0 */
    uint64_t sequence;     /* it has the directory up to here */
    bool directory_done;   /* the backlog was sent */
    bool enumerate;        /* tell who is online, because the backlog began after 0 */
    uint32_t enumerate_at; /* next index in by_index */
    uint64_t online_at;    /* next position in the ring of online changes */
};

struct relay_client {
    struct handle handle;
    uint8_t key[KEY_SIZE];
    struct endpoint remote;
    enum relay_client_state state;
    bool closed;  /* the link was told to close; no longer in the list */
    bool counted; /* as a stranger of its address */
    struct endpoint counted_as;
    struct mono opened_at;
    struct mono deadline;
    struct bucket control_bucket;
    struct bucket forward_bucket;
    struct mono refused_at; /* the last answer "too many requests" */
    bool refused_once;
    struct gone_mark gone[GONE_MARKS];
    struct fair fair; /* whose frames to this session wait */
    struct watch watch;
    TAILQ_ENTRY(relay_client) in_waiting; /* strangers or closing, each ordered by deadline */
    TAILQ_ENTRY(relay_client) in_watchers;
};

TAILQ_HEAD(relay_client_list, relay_client);

struct relay_core {
    struct env env;
    struct relay_config cfg; /* its texts point to the copies below */
    char name[NAME_TEXT_SIZE];
    char public_hosts[URL_HOSTS_TEXT_SIZE];
    uint32_t session_capacity; /* session_max at the start */
    struct store *store;
    struct link_hub *hub;
    struct session_index *index;
    struct punch *punch;
    struct directory *directory; /* NULL: hosts no ziglan */
    uint8_t ziglan_key[KEY_SIZE];
    struct link_hello hello;
    uint8_t delegations[2][RECORD_SIGNED_SIZE_MAX]; /* the hub borrows one while the next is made */
    size_t delegation_sizes[2];
    unsigned delegation_index;
    uint64_t delegation_made_ms, delegation_expires_ms, delegation_warned_ms; /* wall clock */

    struct relay_client **by_index; /* sessions by handle.index */
    uint32_t by_index_capacity;
    struct relay_client_list strangers, closing, watchers;
    uint32_t session_count, stranger_count, watcher_count;
    struct map *strangers_by_address, *strangers_by_net;

    struct bucket_table *broadcast_by_key;
    struct bucket_table *stun_addresses;
    struct bucket_table *http_addresses;
    struct bucket stun_bucket;
    struct bucket_rate stun_rate;
    struct outbox stun_out;

    uint8_t online_ring[ONLINE_RING_SIZE][KEY_SIZE]; /* keys that came or went, newest last */
    uint64_t online_next;
    struct mono changes_at; /* when watchers are told, MONO_NEVER: nothing new */
    struct mono housekeeping_at;
    struct wall_watch wall;
    struct mono started_at;
    bool stopping;
    bool store_ok;
    struct relay_counters counters;

    struct join_waiting joins[JOINS_MAX];
    size_t joins_count;
    struct control_arena arena;
    struct directory_chunk chunk;
    struct directory_entry entries[WATCH_ONLINE_PER_MESSAGE];
    uint8_t packed[CONTROL_SIZE_MAX];
};

/* ---- session.c ---- */

/** The session of a handle, NULL if it is none of ours (any more). */
struct relay_client *relay_client_at(const struct relay_core *core, struct handle handle);

/** The active session of a key, NULL if there is none. */
struct relay_client *relay_client_of_key(const struct relay_core *core,
                                         const uint8_t key[KEY_SIZE]);

/** What the link tells about sessions: both Hellos verified, another address, the end. */
void relay_client_on_open(struct relay_core *core, const struct link_event *event, struct mono now);
void relay_client_on_moved(struct relay_core *core, const struct link_event *event,
                           struct mono now);
void relay_client_on_closed(struct relay_core *core, const struct link_event *event,
                            struct mono now);

/** A stranger was admitted, or a member's admission was renewed, until this wall clock. */
void relay_client_admit(struct relay_core *core, struct relay_client *client, uint64_t until_ms,
                        struct mono now);

/** A member left: it is a stranger. */
void relay_client_dismiss(struct relay_core *core, struct relay_client *client, struct mono now);

/** Say GoAway and close a little later; from now on the session is nobody's. */
void relay_client_send_away(struct relay_core *core, struct relay_client *client,
                            enum goaway reason, uint32_t reconnect_in_ms, struct mono now);

/** Strangers who were not admitted in time, and closing sessions whose time has come. */
void relay_client_expire(struct relay_core *core, struct mono now);

/** Send members away whose admission is over; about once a minute. */
void relay_client_expire_admissions(struct relay_core *core, struct mono now);
struct mono relay_client_deadline(const struct relay_core *core);

/* ---- control.c ---- */

/** One control message of a session, any content. */
void control_on_message(struct relay_core *core, const struct link_event *event, struct mono now);

/** Send one message to a session. A full queue ends the session by the link's own doing. */
void control_send(struct relay_core *core, struct relay_client *client,
                  const Ziglan__Control *message);

/** Answer a request with an Error; nothing if it wanted no answer (request_id 0). */
void control_refuse(struct relay_core *core, struct relay_client *client, uint32_t request_id,
                    enum verdict verdict, const char *text);

/** Tell a session where it is seen from. */
void control_observed_send(struct relay_core *core, struct relay_client *client);

/* ---- forward.c ---- */

/** One HTTP datagram of a session, any content. */
void forward_on_datagram(struct relay_core *core, const struct link_event *event, struct mono now);

/** True if the two may exchange frames and punches through this relay. */
bool forward_allowed(const struct relay_core *core, const struct relay_client *from,
                     const struct relay_client *to);

/* ---- limits.c ---- */

/** Set the rates of STUN from the configuration. */
void limits_stun_set(struct relay_core *core, struct mono now);

/** True if one more STUN answer may go to this address; counted if not. */
bool limits_stun_take(struct relay_core *core, const struct endpoint *from, struct mono now);

/** True if one more page may be made for this address; counted if not. */
bool limits_http_take(struct relay_core *core, const struct endpoint *from, struct mono now);

/** Count a stranger's session; false if its address has too many. */
bool limits_stranger_enter(struct relay_core *core, struct relay_client *client);
void limits_stranger_leave(struct relay_core *core, struct relay_client *client);

/** The buckets of a new session: full. */
void limits_session_init(struct relay_client *client, struct mono now);
/** Take one control message, or the bytes of a stranger's frame; false: too much. */
bool limits_control_take(struct relay_client *client, struct mono now);
bool limits_forward_take(struct relay_client *client, size_t size, struct mono now);

/** Take one piece of what a member can make the relay do for all others, or over the whole
 * directory: a change of its records, its coming and moving, a Watch. 100 at once and one in 5 s
 * for each key, whatever the number of its sessions; false: too much. */
bool limits_broadcast_take(struct relay_core *core, const uint8_t key[KEY_SIZE], struct mono now);

/** True if a Gone about dst may be sent to this session now; remembers it. */
bool limits_gone_take(struct relay_client *client, const uint8_t dst[KEY_SIZE], struct mono now);

/* ---- stun_service.c, http_service.c ---- */

/** One datagram whose first byte says STUN, any content. */
void stun_on_datagram(struct relay_core *core, const struct dgram *in, struct mono now);

/** Answer a request of a foreign HTTP client. */
void http_on_request(struct relay_core *core, const struct link_event *event, struct mono now);

/* ---- join_service.c ---- */

/** A session asks to join, which anybody may. It is carried out and answered by joins_flush, which
 * this calls only if too many wait. */
void join_on_join(struct relay_core *core, struct relay_client *client,
                  const Ziglan__Control *message, struct mono now);

/** Carry out all joins that wait, and answer them. Before anything else is done for a message or an
 * operator that reads or changes the directory, and at the end of the turn. */
void joins_flush(struct relay_core *core, struct mono now);

/* ---- ziglan_service.c ---- */

/** Open the directory and make the delegation. ERR_NOMEM, ERR_SYSTEM. */
int ziglan_init(struct relay_core *core) MUST_CHECK;

/** Take a newer delegation that was made elsewhere; no-op where the ziglan's key is at hand. The
 * former one stays if it is no such thing, which is traced. */
void ziglan_delegation_renew(struct relay_core *core, const uint8_t *data, size_t size);

/** Renew the delegation and forget what expired; about once a minute, and when the clock was set.
 */
void ziglan_housekeeping(struct relay_core *core, struct mono now);

/** When the admission of this key ends (wall clock), 0 if it has none or it is over already;
 * *revoked if it was thrown out. */
uint64_t ziglan_admitted_until(struct relay_core *core, const uint8_t key[KEY_SIZE], bool *revoked);

/** Requests of members. */
void ziglan_on_lookup(struct relay_core *core, struct relay_client *client,
                      const Ziglan__Control *message);
void ziglan_on_leave(struct relay_core *core, struct relay_client *client,
                     const Ziglan__Control *message, struct mono now);

/** Remember whether the store works, from the verdict of something that would write to it. */
void ziglan_note_store(struct relay_core *core, enum verdict verdict);

/** Fill a Member message from an entry; it borrows the entry. */
void ziglan_member_fill(const struct relay_core *core, Ziglan__Member *out,
                        const struct directory_entry *entry);

/* ---- watch_service.c ---- */

/** A member wants to be told of changes, from `since` on. */
void watch_on_watch(struct relay_core *core, struct relay_client *client,
                    const Ziglan__Control *message, struct mono now);

/** The directory changed: watchers are told soon. */
void watch_changed(struct relay_core *core, struct mono now);

/** This member came or went: watchers are told soon. */
void watch_online_changed(struct relay_core *core, const uint8_t key[KEY_SIZE], struct mono now);

/** Tell whoever watches, if it is time. */
void watch_expire(struct relay_core *core, struct mono now);

/** This session watches no longer, if it did. */
void watch_stop(struct relay_core *core, struct relay_client *client);

/* ---- punch_service.c ---- */

/** Messages of a session to the punch broker; refusals are answered. */
void punch_on_request(struct relay_core *core, struct relay_client *client,
                      const Ziglan__Control *message, struct mono now);
void punch_on_answer(struct relay_core *core, struct relay_client *client,
                     const Ziglan__Control *message, struct mono now);
void punch_on_result(struct relay_core *core, struct relay_client *client,
                     const Ziglan__Control *message, struct mono now);

/** Send what the punch broker wants to be sent. Call it after everything that touched it. */
void punch_flush(struct relay_core *core);
