/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Presence on a relay (docs/protocol.md, section 17): it announces the hosts that are here and its
 * own delegation (relayd/service/attaching.h) to the relays that keep them, keeps what others
 * announce to it, and looks keys up for its hosts. rendezvous/presence decides, this sends and
 * receives.
 */
#pragma once

#include "proto/base/bucket_table.h"
#include "proto/base/err.h"
#include "proto/base/mono.h"
#include "proto/wire/control.h"
#include "relayd/base/neighbour_table.h"
#include "relayd/base/relay_base.h"
#include "relayd/service/presence_seats.h"
#include "relayd/service/presence_words.h"
#include "rendezvous/mesh/mesh.h"
#include "rendezvous/presence/announcer.h"
#include "rendezvous/presence/locate.h"
#include "rendezvous/presence/presence_table.h"

#include <stdbool.h>

enum {
    PRESENCE_ASKED_PER_S = 200, /* questions of relays of an IPv4 /24 or IPv6 /48 */
    PRESENCE_ASKED_BURST = 2000,
    PRESENCE_LOCATE_NETS_MAX = 16384, /* networks whose rate is remembered */
};

/** At which other relays a key is, the one to be tried first in front; none: nobody knows. */
struct presence_answer {
    uint8_t key[KEY_SIZE];
    uint8_t relays[PRESENCE_PER_KEY_MAX][KEY_SIZE];
    size_t count;
};

enum presence_find {
    PRESENCE_FIND_KNOWN,  /* the answer is written */
    PRESENCE_FIND_SOUGHT, /* the answer will come out of presence_answer_next */
    PRESENCE_FIND_BUSY,   /* too many look-ups, or too many of this client */
};

struct presence_service {
    struct relay_base *base; /* borrowed */
    struct mesh *mesh;       /* which relays there are; borrowed; NULL: nobody knows */
    struct presence_seats seats;
    struct presence_words words;
    struct presence_table *table;
    struct locate *locate;
    struct announcer *announcer; /* of hosts that are here, and of the ziglan that is served */
    struct bucket_table *relay_askers; /* by prefix */
    struct mono sweep_at;              /* the table's next sweep */
    /* Answers to presence_find that were not taken yet: a ring. */
    struct presence_answer answers[LOCATE_COUNT_MAX];
    size_t answers_first, answers_count;
};

/** Make everything, in zeroed memory. base is borrowed and outlives the service. ERR_NOMEM;
 * presence_service_fini then releases what was made. */
int presence_service_init(struct presence_service *service, struct relay_base *base,
                          struct mono now) MUST_CHECK;
void presence_service_fini(struct presence_service *service);

/** From now on these are the relays that there are; borrowed for the life of the service. */
void presence_use_mesh(struct presence_service *service, struct mesh *mesh);

/** A host asks where a key is: Located, or an Error, perhaps later. */
void presence_on_locate(struct presence_service *service, struct relay_client *client,
                        const Ziglan__Control *message, struct mono now);

/** A neighbour announces that a key is at it: Done, or an Error. */
void presence_on_told(struct presence_service *service, const struct relay_client *client,
                      const Ziglan__Control *message, struct mono now);

/** A neighbour asks where a key is: what is known here, or an Error. */
void presence_on_asked(struct presence_service *service, const struct relay_client *client,
                       const Ziglan__Control *message, struct mono now);

/** A neighbour answers a question of ours, by Located or by an Error; answers to questions of other
 * services are ignored. */
void presence_on_located(struct presence_service *service, const struct relay_client *client,
                         const Ziglan__Control *message, struct mono now);
void presence_on_error(struct presence_service *service, const struct relay_client *client,
                       const Ziglan__Control *message, struct mono now);

/** A datagram arrived that begins like a word, or like the answer to one (any content). */
void presence_on_word(struct presence_service *service, const struct dgram *in, struct mono now);
void presence_on_word_answer(struct presence_service *service, const struct dgram *in,
                             struct mono now);

/** There is a session with a neighbour, or none any more, or none could be made. */
void presence_on_neighbour(struct presence_service *service, const struct neighbour_event *event,
                           struct mono now);

/**
 * Where is a key for which a client of this relay sent a frame? A look-up that begins is one of
 * those that the client's session may ask for; what is known costs nothing, but is not for each
 * frame: the caller remembers it for a while. Later: forwarding between relays asks this, and takes
 * answers after all events of a turn.
 */
enum presence_find presence_find(struct presence_service *service, struct relay_client *client,
                                 const uint8_t key[KEY_SIZE], struct presence_answer *out,
                                 struct mono now);
bool presence_answer_next(struct presence_service *service, struct presence_answer *out);

/** The same where no relay that is known of can be reached, so the relays that keep the key are
 * asked, whatever this relay knows itself. */
enum presence_find presence_find_others(struct presence_service *service,
                                        struct relay_client *client, const uint8_t key[KEY_SIZE],
                                        struct presence_answer *out, struct mono now);

/** The relay says that the key is not there. Later: as above. */
void presence_on_absent(struct presence_service *service, const uint8_t key[KEY_SIZE],
                        const uint8_t relay[KEY_SIZE], struct mono now);

/** Timers up to now; presence_deadline tells when to call this again. */
void presence_expire(struct presence_service *service, struct mono now);
struct mono presence_deadline(const struct presence_service *service);
