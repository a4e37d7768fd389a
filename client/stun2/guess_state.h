/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What is known of a guess (guess.h), and the little that all parts do alike.
 */
#pragma once

#include "client/stun2/guess_burst.h"
#include "client/stun2/guess_samples.h"
#include "client/stun2/guess_spread.h"
#include "proto/base/env.h"
#include "proto/base/mono.h"
#include "proto/net/endpoint.h"
#include "proto/wire/intunnel.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    GUESS_SOCKETS_MAX = 256,
    GUESS_PINGS_MAX = 2304, /* of FIXED to ports of RANDOM, in all */
    GUESS_GAP_US = 5400,    /* between two pings: with all else fewer than 200 a second */
    GUESS_TURNS_MAX = 5,    /* of STEPS */
    GUESS_MS_MAX = 15000,   /* in all */
    GUESS_TELLS_MAX = 4,    /* an aim is told so often; some may be lost */
    GUESS_ECHOES = 5,
    GUESS_RELAYS_MAX = 2,
};

enum guess_state { GUESS_STATE_RUNNING, GUESS_STATE_WON, GUESS_STATE_OVER };

/** How it ended. */
enum guess_end {
    GUESS_END_NONE, /* it runs */
    GUESS_END_WON,
    GUESS_END_IN_VAIN,
    GUESS_END_NO_RELAY,  /* no relay said where the sockets are seen */
    GUESS_END_NO_ANSWER, /* the peer told no aim */
    GUESS_END_BUSY,      /* the peer guesses with somebody else */
    GUESS_END_UNWILLING, /* the peer does not guess */
    GUESS_END_NOT_FIXED, /* this host was to be FIXED, and two relays see two ports */
    GUESS_END_STOPPED,   /* the network forbids it, or a path was found */
};

/** What is known of the ports that this host's NAT gives; 0 where nothing is. */
struct guess_ports {
    uint16_t step, low, high;
};

/** What a guess is made of. Copied, but for env. */
struct guess_setup {
    enum intunnel_part own, peer;
    bool first; /* STEPS with STEPS: exactly one of the two is */
    struct guess_ports ports;
    struct endpoint relays[GUESS_RELAYS_MAX]; /* which answer STUN; of the peer's family */
    size_t relays_count;                      /* at least 1 */
    struct endpoint peer_at;                  /* where its relay sees the peer */
    const struct env *env;
};

/** One packet that is due. */
struct guess_send {
    bool sample;     /* a STUN binding request with this id; else a ping */
    uint16_t socket; /* its own port */
    struct endpoint to;
    uint8_t hops; /* so far it travels; 0: all the way */
    uint8_t id[STUN_ID_SIZE];
};

/** The sockets of a guess, by their own ports, in the order in which they were opened. */
struct guess_sockets {
    uint16_t ports[GUESS_SOCKETS_MAX];
    size_t count, wanted;
};

/** What the two told each other. */
struct guess_words {
    struct intunnel_aim told, heard;
    bool has_heard;
    uint8_t tells;       /* so often `told` was told; GUESS_TELLS_MAX: often enough */
    struct mono tell_at; /* NEVER: there is nothing to tell */
};

/** What STEPS does in its present turn, and RANDOM in its present wave. */
struct guess_turn {
    uint8_t number, stage;
    size_t first;  /* STEPS: the turn's first socket */
    size_t opened; /* RANDOM: sockets that sent in this wave */
};

/** By which socket something came, and from where. */
struct guess_winner {
    uint16_t socket;
    struct endpoint from;
    struct mono at;
    uint8_t echoes;
};

struct guess_part;

struct guess {
    struct guess_setup setup;
    const struct guess_part *part; /* what the own one does */
    enum guess_state state;
    enum guess_end end;
    struct mono began_at;
    struct mono part_at; /* when the part has something to do */
    struct guess_sockets sockets;
    struct guess_samples samples;
    struct guess_words words;
    struct guess_turn turn;
    struct guess_burst burst;
    struct guess_spread spread;
    struct guess_winner winner;
    uint32_t pings; /* sent, whether or not they may arrive */
};

/** Its word for scripts and logs, as in "in-vain". */
const char *guess_end_word(enum guess_end end);

/** End it at once. */
void guess_stop(struct guess *guess, enum guess_end end);

/** Ask a relay, the one of this number in the setup, about a socket now; nothing if there is no
 * such relay. */
void guess_sample(struct guess *guess, uint16_t socket, size_t relay, struct mono now);

/** Tell the peer this from now on, a few times. */
void guess_say(struct guess *guess, const struct intunnel_aim *aim, struct mono now);
