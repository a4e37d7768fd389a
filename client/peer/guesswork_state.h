/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is known while ports are guessed (guesswork.h). */
#pragma once

#include "client/path/spare_sockets.h"
#include "client/stun2/guess.h"

struct conversation;

/** One guess of a host at a time, and the sockets that guesses opened. */
struct guesswork {
    bool off;                       /* its user does not want any */
    bool forbidden;                 /* this network forbids it */
    struct guess_ports ports;       /* of this host's NAT */
    struct conversation *with;      /* with whom it runs; NULL: none does */
    struct guess guess;             /* the one that runs, or the last one */
    struct spare_sockets sockets;   /* owner: the conversation */
    uint64_t begun, won, strangers; /* guesses; aims at an address that no relay observed */
};

/** What a conversation knows of guesses with its peer. */
struct guess_plan {
    struct mono at;          /* when one begins, if there is no direct path by then; NEVER: none */
    struct mono again_at;    /* not before this, whoever asks */
    struct mono answered_at; /* the peer was told last that there will be none */
    bool running;            /* with the peer */
    bool tried;              /* one was begun */
    bool round_failed;       /* the round before it did; the guess is what is left */
    enum guess_end end;      /* of the last one */
};
