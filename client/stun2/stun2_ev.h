/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * libstun2 over libev: one UDP socket for both families of addresses, the clock, the resolver, the
 * report on the NAT, and changes of this machine's network, so that an application only has to say
 * whom it wants to meet. It is for
 * who uses libev, and an example for who does not: all of stun2.h works without it.
 *
 * Include stun2.h first. The rules of that header hold. All calls are made in the thread of the
 * loop, and callbacks come from it, too.
 */
#pragma once

#include "client/stun2/stun2.h"

#ifdef __cplusplus
extern "C" {
#endif

struct ev_loop;
struct stun2_ev;

struct stun2_ev_options {
    size_t size;           /* sizeof(struct stun2_ev_options) */
    struct ev_loop *loop;  /* borrowed, outlives the adapter */
    const uint8_t *seed;   /* STUN2_SEED_SIZE bytes, as in stun2_options; NULL: random ones */
    uint32_t keepalive_ms; /* as in stun2_options */
    uint16_t port;         /* of UDP; 0: the kernel chooses */
    /** Write the log to standard error up to this enum stun2_log_level, plus 1; 0: nothing. */
    int log;
    /** 1: no report is made by itself. Else one begins when a punch or a pool waits for it, and
     * again when relays see this machine at another IP. */
    int no_report;
    void *context; /* handed to both */
    /** Each event (stun2.h). NULL: none is wanted. */
    void (*on_event)(void *context, const struct stun2_event *event);
    /** A datagram that is the application's. punch is the open one whose peer is at this address;
     * 0: it came from somebody else. NULL: none is wanted. */
    void (*on_data)(void *context, uint64_t punch, const struct stun2_address *from,
                    const uint8_t *data, size_t size);
    /** 1: let peers know the addresses of this machine (stun2_set_locals), as they are at any time,
     * but those of containers, virtual machines and VPNs; so two in one LAN meet there. */
    int locals;
};

/** Open the socket and start. It calls stun2_init, if nobody did, and stun2_ev_free of the last one
 * stun2_fini. Errors: those of stun2_new; the
 * sentence goes to problem, which may be NULL. *out is NULL then. */
STUN2_API int stun2_ev_new(struct stun2_ev **out, const struct stun2_ev_options *options,
                           char problem[STUN2_TEXT_SIZE]);

/** Say goodbye to the relays, and free it: no callback comes any more. From a callback of it, that
 * is done soon after, by the loop. NULL is fine. */
STUN2_API void stun2_ev_free(struct stun2_ev *ev);

/** The agent, for all functions of stun2.h that want something of it, and stun2_ev_now for their
 * instants. After them call stun2_ev_kick. The functions of "the loop" are the adapter's. */
STUN2_API struct stun2 *stun2_ev_agent(struct stun2_ev *ev);

/** Now. */
STUN2_API uint64_t stun2_ev_now(void);

/** Look at the agent soon, from the loop. May be called anywhere, also in a callback. */
STUN2_API void stun2_ev_kick(struct stun2_ev *ev);

/** Begin a report on the NAT now. STUN2_ERROR_STATE: one is being made. STUN2_ERROR_SYSTEM. */
STUN2_API int stun2_ev_report(struct stun2_ev *ev, int hairpin);

/** Measure the lifetimes of mappings now (stun2_lifetime_begin, by sockets of the adapter's own).
 * Errors as there, and STUN2_ERROR_SYSTEM. */
STUN2_API int stun2_ev_lifetime(struct stun2_ev *ev);

/** Send a datagram to the peer of an open punch. It is sent with what else is waiting in this turn
 * of the loop. STUN2_ERROR_STATE: the punch is not open, or for some seconds nothing should be sent
 * (stun2_punch_address). STUN2_ERROR_LIMIT: too much is waiting. It is not sent then, as if the
 * network had lost it. */
STUN2_API int stun2_ev_send(struct stun2_ev *ev, uint64_t punch, const void *data, size_t size);

/** The socket; it belongs to the adapter, which reads it. An application may send by it. IPv4
 * addresses are in their mapped form, unless this machine has no IPv6. */
STUN2_API int stun2_ev_fd(const struct stun2_ev *ev);

#ifdef __cplusplus
}
#endif
