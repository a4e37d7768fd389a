/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * libstun2: what kind of NAT an application is behind, and a direct UDP way to another application
 * behind another NAT. Relays introduce the two to each other (docs/libstun2.md is the guide,
 * docs/protocol.md what travels). There is no VPN in it: no TUN device, no root, no configuration.
 *
 *     application               libstun2                       relay        other application
 *     stun2_new --------------> an agent with a key
 *     stun2_relay_add --------> a session  <-----------------> .
 *     stun2_report_begin -----> what is my NAT?  <-----------> .
 *     stun2_punch(key) -------> introduce us  ---------------> . ----------> may he? yes
 *     STUN2_EVENT_OPEN <------- punch probes <-----------------------------> STUN2_EVENT_OPEN
 *     its own datagrams <----------------- one UDP socket each ------------> its own datagrams
 *
 * The library is sans-IO: it opens no socket, starts no thread, and asks neither a clock nor the
 * system for random numbers. The application hands in what came from its socket and what time it
 * is, and sends what it is given. stun2_ev.h does all that over libev.
 *
 * The turn of an application's loop:
 *   1. for each datagram of a socket: stun2_receive; what is not the library's is the application's
 *   2. when stun2_deadline has passed: stun2_expire
 *   3. after both, and after every other call: stun2_transmit until it gives nothing, then
 *      stun2_event until it gives nothing
 *
 * Ownership: an argument is borrowed for the call, unless its comment says otherwise. What the
 * library returns by pointer is borrowed until the next call with this agent. A pointer of NULL
 * where none may be is STUN2_ERROR_ARGUMENT, if the function returns errors; but an agent has to be
 * one. Numbers of relays and punches may be any at any time: those that are none do nothing, or are
 * an error.
 * Text: UTF-8, ended by a NUL, cut where it does not fit. What relays say is free of control
 * characters.
 * Keys: 32 bytes, Ed25519; the text form has 52 characters (stun2_key_text).
 * Instants: nanoseconds of any clock that never goes back (CLOCK_MONOTONIC, or CLOCK_BOOTTIME,
 * which counts sleep, too); STUN2_NEVER is later than all others. Threads: different agents may be
 * used in different threads at once, one agent by one thread at a time. stun2_init and stun2_fini
 * are called while no other call runs. Errors: functions that return int give STUN2_OK or a
 * negative number of enum stun2_error, and change nothing then; stun2_error_text has a sentence for
 * each. Versions: within one soname enums only gain values and functions are only added. Structs of
 * which the caller tells the size grow at their end, with zero as what it was before; others do not
 * change.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define STUN2_API __attribute__((visibility("default")))
#else
#define STUN2_API
#endif

#define STUN2_NEVER UINT64_MAX

/* Sizes in bytes. Those of texts count the NUL. */
enum {
    STUN2_KEY_SIZE = 32,
    STUN2_SEED_SIZE = 32,
    STUN2_KEY_TEXT_SIZE = 53,
    STUN2_APP_SIZE = 32,   /* type of an application: 1 to 31 printable characters, no space */
    STUN2_TEXT_SIZE = 256, /* a sentence, or the URL of a relay that was found */
    STUN2_ADDRESS_TEXT_SIZE = 56,
    STUN2_HOST_SIZE = 254, /* a DNS name */
    STUN2_DATAGRAM_SIZE = 65535,
};

/* Bounds of one agent. */
enum {
    STUN2_RELAYS_MAX = 16,
    STUN2_PUNCHES_MAX = 64,
    STUN2_POOLS_MAX = 16,
    STUN2_FOUND_MAX = 24, /* relays of one answer to stun2_find */
    STUN2_REWARDS_MAX = 4,
    STUN2_NAT_RELAYS_MAX = 8,
    STUN2_REPORT_SOCKETS = 3, /* of each family of addresses */
    STUN2_LIFETIME_SOCKETS = 80,
    STUN2_LOCALS_MAX = 8, /* own addresses that peers are told */
};

enum stun2_error {
    STUN2_OK = 0,
    STUN2_ERROR_ARGUMENT = -1, /* a text, key or number that is none */
    STUN2_ERROR_MEMORY = -2,
    STUN2_ERROR_LIMIT = -3,  /* a bound above is reached */
    STUN2_ERROR_STATE = -4,  /* not now: the comment of the function says when */
    STUN2_ERROR_SYSTEM = -5, /* the system refused, or a library did not start */
};

/** A sentence for an error, in English; lives for ever. Never NULL. */
STUN2_API const char *stun2_error_text(int error);

/** The version of the library in use, as "0.1.0"; lives for ever. */
STUN2_API const char *stun2_version(void);

/* ---- the process ---- */

enum stun2_log_level { STUN2_LOG_ERROR, STUN2_LOG_WARN, STUN2_LOG_INFO, STUN2_LOG_DEBUG };

/** What the library has of the world beside packets and instants. The functions are called in the
 * threads of the calls of this library, must not call it, and may be called in several at once. */
struct stun2_ports {
    size_t size;   /* sizeof(struct stun2_ports) */
    void *context; /* handed to each */
    /** Fill in unpredictable bytes; it must not fail. */
    void (*random)(void *context, void *bytes, size_t size);
    /** Milliseconds since 1970 UTC; may jump. */
    uint64_t (*wall_ms)(void *context);
    /** One line of the log; NULL: none. event is a name such as "relay.refused"; no secret is in
     * text. */
    void (*log)(void *context, enum stun2_log_level level, const char *event, const char *text);
};

/** Once, before anything else; ports is copied. STUN2_ERROR_ARGUMENT: size, random or wall_ms is
 * missing. STUN2_ERROR_SYSTEM: the cryptographic libraries do not start. STUN2_ERROR_STATE: there
 * was a call already, without stun2_fini. */
STUN2_API int stun2_init(const struct stun2_ports *ports);

/** After the last agent was freed. */
STUN2_API void stun2_fini(void);

/* ---- addresses and keys ---- */

/** An IP address and a UDP port. IPv4 is in its mapped form, ::ffff:a.b.c.d. All zero: none. */
struct stun2_address {
    uint8_t ip[16];
    uint16_t port; /* of the host's byte order */
};

/** "192.0.2.1:4433" or "[2001:db8::1]:4433". Returns text. */
STUN2_API const char *stun2_address_text(const struct stun2_address *address,
                                         char text[STUN2_ADDRESS_TEXT_SIZE]);

/** The reverse. STUN2_ERROR_ARGUMENT. No name is resolved. */
STUN2_API int stun2_address_parse(struct stun2_address *out, const char *text);

/** Returns text. */
STUN2_API const char *stun2_key_text(const uint8_t key[STUN2_KEY_SIZE],
                                     char text[STUN2_KEY_TEXT_SIZE]);

/** The reverse. STUN2_ERROR_ARGUMENT. */
STUN2_API int stun2_key_parse(uint8_t out[STUN2_KEY_SIZE], const char *text);

/* ---- an agent ---- */

/** One application as others know it: a key, one UDP socket, sessions to relays, and the others
 * that it meets. */
struct stun2;

struct stun2_options {
    size_t size; /* sizeof(struct stun2_options) */
    /** STUN2_SEED_SIZE secret bytes, of which the key pair is made: random ones, kept for the next
     * start, if others are to know this application again. */
    const uint8_t *seed;
    /** So often each open way is tried, which also keeps it open. 0: 15,000, and what follows from
     * stun2_lifetime_begin. Between 1,000 and 600,000; NATs that forget sooner than RFC 4787
     * demands want less than 20,000. */
    uint32_t keepalive_ms;
};

/** Make an agent. STUN2_ERROR_ARGUMENT, _MEMORY, _SYSTEM, _STATE (before stun2_init): *out is NULL.
 */
STUN2_API int stun2_new(struct stun2 **out, const struct stun2_options *options, uint64_t now);

/** Free it with all its sessions; nobody is told (stun2_shutdown). NULL is fine. */
STUN2_API void stun2_free(struct stun2 *agent);

/** Its public key. */
STUN2_API const uint8_t *stun2_key(const struct stun2 *agent);

enum { STUN2_CERTIFICATE_SIZE = 216, STUN2_PRIVATE_KEY_SIZE = 48 };

/** An X.509 certificate of the agent's key, signed by itself, and the private key (PKCS #8), both
 * DER: for TLS 1.3, DTLS or QUIC between the applications. What proves who the other side is, is
 * the key in its certificate (stun2_certificate_key), which must be that of the punch. Wipe the
 * private key after use. */
STUN2_API void stun2_certificate(const struct stun2 *agent,
                                 uint8_t certificate[STUN2_CERTIFICATE_SIZE],
                                 uint8_t private_key[STUN2_PRIVATE_KEY_SIZE]);

/** The key in such a certificate, of size bytes and any content. STUN2_ERROR_ARGUMENT: it is
 * another kind of certificate, and out is not written. */
STUN2_API int stun2_certificate_key(uint8_t out[STUN2_KEY_SIZE], const uint8_t *certificate,
                                    size_t size);

/** Change how often open ways are tried, from now on: for who knows for how long the NAT keeps a
 * mapping. Bounds as above; others are cut. Sessions to relays are used so often, too, but at least
 * each 15 s. It holds until the next call, or until a measurement ends (stun2_lifetime_begin). */
STUN2_API void stun2_set_keepalive(struct stun2 *agent, uint32_t keepalive_ms);

/** Say goodbye to the relays. What is to be sent remains to be transmitted; then free the agent. */
STUN2_API void stun2_shutdown(struct stun2 *agent, uint64_t now);

/* ---- the loop ---- */

struct stun2_datagram {
    /** By its port this tells the socket: that of a socket of a report (stun2_report_begin), or of
     * a measurement of lifetimes (stun2_lifetime_begin), else the application's one. To be
     * received: where it arrived, as far as that is known. To be sent: the source to use; an ip of
     * zeros: the kernel chooses. */
    struct stun2_address local;
    struct stun2_address remote;
    const uint8_t *data;
    size_t size;
    /** To be sent: so many routers it may pass (the TTL, only in IPv4); 0: as usual. It matters:
     * with the usual TTL instead, some NATs give the application another port, and the way does not
     * open. */
    uint8_t hops;
};

/**
 * Hand in a datagram that came, of any content and from anybody. Returns 1 if it was the library's.
 * 0: it is the application's, and nothing happened. Who sent it nobody knows then: what comes from
 * the address of an open punch (stun2_punch_of) is most likely from the peer, but addresses can be
 * forged. So an application protects what it says, as QUIC and DTLS do.
 *
 * What begins with 0x85 and is a punch probe, and QUIC packets from addresses of relays, are the
 * library's. All else may be used between the applications.
 */
STUN2_API int stun2_receive(struct stun2 *agent, const struct stun2_datagram *in, uint64_t now);

/** The next datagram to be sent, with borrowed data; 0 if there is none. */
STUN2_API int stun2_transmit(struct stun2 *agent, struct stun2_datagram *out, uint64_t now);

/** Do what is due. */
STUN2_API void stun2_expire(struct stun2 *agent, uint64_t now);

/** When to call stun2_expire; STUN2_NEVER. */
STUN2_API uint64_t stun2_deadline(const struct stun2 *agent);

/** The network changed, or this machine was asleep: look at all ways now. Relays are asked where
 * they see this agent; if that is elsewhere, ADDRESS follows, and a round with each peer. Without
 * this call that is noticed some seconds later. */
STUN2_API void stun2_network_changed(struct stun2 *agent, uint64_t now);

/** A name of a relay that is to be resolved, and a ticket that never comes again; 0: there is none.
 * A name that is not answered comes again. */
STUN2_API int stun2_resolve_wanted(struct stun2 *agent, char host[STUN2_HOST_SIZE],
                                   uint64_t *ticket, uint64_t now);

/** Its addresses, `count` of them; ports do not matter. 0: it does not resolve. */
STUN2_API void stun2_resolved(struct stun2 *agent, uint64_t ticket,
                              const struct stun2_address *addresses, size_t count, uint64_t now);

/* ---- events ---- */

enum stun2_event_type {
    /** A session to a relay is open: relay, key (the relay's), address (ours, as it sees us), code
     * 1 if it serves strangers (others send away who is not of their ziglan). */
    STUN2_EVENT_RELAY_OPEN = 1,
    STUN2_EVENT_RELAY_CLOSED, /* relay, text; it is dialled again as long as it was not removed */
    STUN2_EVENT_ADDRESS,      /* relay, address: it sees us elsewhere now */
    STUN2_EVENT_REPORT,       /* nat_kind: the report is there (stun2_report_read) */
    /** A punch waits until the kind of the own NAT is known: begin a report, or tell the kind
     * (stun2_set_nat_kind). Comes once. */
    STUN2_EVENT_MEASURE_FIRST,
    STUN2_EVENT_POOL_JOINED, /* relay, app, pool_size, pool_limit, reward */
    STUN2_EVENT_POOL_LEFT,   /* relay, app, text: it was refused, or is over; code as of FAILED */
    STUN2_EVENT_FOUND,       /* relay (which told it), key, address, text (its URL), nat_kind, app,
                                pool_size */
    STUN2_EVENT_FIND_END,    /* relay, code, text: all that were found have been told */
    /** Somebody wants to meet us: punch, relay, key, nat_kind. Within 10 s: stun2_answer. */
    STUN2_EVENT_ASKED,
    /** There is a way: punch, relay, key, address (of the peer), nat_kind, app, listens. Both sides
     * use their one socket, and each the address that it was told. */
    STUN2_EVENT_OPEN,
    STUN2_EVENT_MOVED, /* punch, key, address: the peer is reached there from now on */
    /** punch, key: the way died; a new one is sought until stun2_punch_end. OPEN comes again; send
     * nothing until then. */
    STUN2_EVENT_LOST,
    /** punch, key, app, code (enum stun2_failure), text. The punch is over. */
    STUN2_EVENT_FAILED,
    /** The lifetimes of mappings were measured: code 1; or they could not be: code 0
     * (stun2_lifetime_read). */
    STUN2_EVENT_LIFETIME,
};

/** Why a punch, a pool or a search came to nothing. Up to 99 it is what the relay answered, by the
 * numbers of docs/protocol.md. */
enum stun2_failure {
    STUN2_FAILURE_BAD_REQUEST = 1,
    STUN2_FAILURE_NOT_MEMBER = 2, /* the relay serves only its own ziglan */
    STUN2_FAILURE_NOT_FOUND = 5,  /* nobody else is in the pool */
    STUN2_FAILURE_LIMIT = 6,
    STUN2_FAILURE_MEASURE_FIRST = 7,
    STUN2_FAILURE_REFUSED = 8,     /* the other one said no, or is not there */
    STUN2_FAILURE_UNSUPPORTED = 9, /* the relay has no such pool */
    STUN2_FAILURE_SILENT = 100,    /* the relay answered nothing */
    STUN2_FAILURE_NO_WAY = 101,    /* introduced, and yet nothing came through */
    STUN2_FAILURE_KNOWN = 102,     /* the pool gave one that is met already */
    STUN2_FAILURE_RELAY = 103,     /* the relay was removed */
    STUN2_FAILURE_ENDED = 104,     /* the relay ended it: the pool was closed, or is for others */
};

/** Where an application may reward a relay, which helped it. Texts; empty: none. */
struct stun2_reward {
    char chain[16], address[96], identity[64];
};

/** Members that an event does not name are zero. */
struct stun2_event {
    enum stun2_event_type type;
    int code;
    uint64_t relay, punch;
    uint8_t key[STUN2_KEY_SIZE];
    struct stun2_address address;
    int nat_kind; /* of who is meant: us, the peer, the relay */
    int listens;  /* 1: this side has the larger token and listens, the other one dials. Of equal
                     tokens the larger IP, then the larger key */
    uint32_t pool_size, pool_limit;
    char app[STUN2_APP_SIZE];
    char text[STUN2_TEXT_SIZE];
    struct stun2_reward reward;
};

/** The next event; 0 if there is none. size is sizeof(*out). What is not polled after each call may
 * be lost when more than 64 wait, and is counted in the log. */
STUN2_API int stun2_event(struct stun2 *agent, struct stun2_event *out, size_t size);

/* ---- relays ---- */

/**
 * Hold a session to a relay: relay://KEY@HOST[:PORT], KEY@HOST[:PORT], or KEY alone, where other
 * relays are asked where it is. The URL of a ziglan leads to its entry point, which serves
 * strangers only if its owner says so.
 *
 * *relay is a number that never comes again. STUN2_ERROR_ARGUMENT: problem (may be NULL) says what
 * is wrong with the text. STUN2_ERROR_LIMIT, _MEMORY.
 */
STUN2_API int stun2_relay_add(struct stun2 *agent, const char *text, uint64_t *relay,
                              char problem[STUN2_TEXT_SIZE], uint64_t now);

/** Let go of it. Its pools are left, and punches that wait for it fail; open ones stay open, but
 * nobody tells any more where the peer moves to. Nothing happens if there is no such relay. */
STUN2_API void stun2_relay_remove(struct stun2 *agent, uint64_t relay, uint64_t now);

/** The round trip to it in microseconds; 0: not known. */
STUN2_API uint32_t stun2_relay_rtt_us(const struct stun2 *agent, uint64_t relay);

/** Where applications may reward it, as it said when the session opened. Returns how many. */
STUN2_API size_t stun2_relay_rewards(const struct stun2 *agent, uint64_t relay,
                                     struct stun2_reward out[STUN2_REWARDS_MAX]);

/* ---- what is our NAT? ---- */

/** Kinds of NAT by their STUN2 names (docs/protocol.md, section 13). */
enum stun2_nat_kind {
    STUN2_NAT_UNKNOWN = 0, /* not measured */
    STUN2_NAT_PUBLIC = 1,
    STUN2_NAT_PUBLIC_FW = 2,
    STUN2_NAT_FULL_CONE = 3,
    STUN2_NAT_RC = 4,
    STUN2_NAT_P_RC = 5,
    STUN2_NAT_SYM = 6,
    STUN2_NAT_SYM_STEP = 7,
    STUN2_NAT_SYM_RANGE = 8,
    STUN2_NAT_BLOCKED = 9,
    STUN2_NAT_UNSURE = 10, /* measured, but with what there was it could not be told */
};

/** On what a mapping, or what the NAT lets in, depends (RFC 4787). */
enum stun2_depends {
    STUN2_DEPENDS_UNKNOWN,
    STUN2_DEPENDS_ON_NOTHING, /* endpoint-independent */
    STUN2_DEPENDS_ON_ADDRESS,
    STUN2_DEPENDS_ON_ADDRESS_AND_PORT,
    STUN2_DEPENDS_NOT_ON_PORT,  /* one of the first two */
    STUN2_DEPENDS_ON_SOMETHING, /* one of the last two */
};

/** How a NAT whose mapping depends on something chooses ports. */
enum stun2_ports_by {
    STUN2_PORTS_UNKNOWN,
    STUN2_PORTS_ONE,    /* one for a socket, whomever it sends to */
    STUN2_PORTS_STEP,   /* each next one is port_step further */
    STUN2_PORTS_RANGE,  /* all within 2,048 */
    STUN2_PORTS_RANDOM, /* none of these */
};

/** How one relay answered STUN. */
struct stun2_nat_relay {
    struct stun2_address address;
    uint32_t sent, answered; /* requests */
    uint32_t rtt_us;         /* the shortest; 0: no answer */
};

/** What was found of one family of addresses. Truths are 1 or 0. */
struct stun2_nat {
    int tried; /* else the rest is zero */
    int kind;  /* enum stun2_nat_kind */
    int translated;
    int mapping, filtering; /* enum stun2_depends */
    int ports;              /* enum stun2_ports_by */
    uint16_t port_step, port_low, port_high;
    uint16_t mtu;  /* of whole packets to the first relay, at least; 0: not known */
    int port_kept; /* outside each socket has its own port */
    uint32_t public_addresses;
    int one_address; /* only one relay's address answered, so some of this cannot be known */
    int hairpin;     /* -1: not asked for */
    struct stun2_address local, mapped;
    size_t relays_count;
    struct stun2_nat_relay relays[STUN2_NAT_RELAYS_MAX];
};

struct stun2_report {
    int kind; /* enum stun2_nat_kind, as relays are told */
    struct stun2_nat ip4, ip6;
};

struct stun2_report_options {
    size_t size; /* sizeof(struct stun2_report_options) */
    /** STUN2_REPORT_SOCKETS fresh sockets of each family, by which nobody was sent anything: the
     * address that packets to the relays leave from, and the port. NULL: this family is not tried.
     * They are open until STUN2_EVENT_REPORT. */
    const struct stun2_address *ip4, *ip6;
    int hairpin; /* 1: find out whether packets to the own public address come back */
};

/** Find out what the NAT does, by the relays of this agent: 3 s. STUN2_EVENT_REPORT follows, and
 * what waited for it goes on. STUN2_ERROR_STATE: there is no address of a relay of a family that is
 * to be tried; wait for STUN2_EVENT_RELAY_OPEN. STUN2_ERROR_ARGUMENT: no family. */
STUN2_API int stun2_report_begin(struct stun2 *agent, const struct stun2_report_options *options,
                                 uint64_t now);

/** How much of it is done, in percent. */
STUN2_API unsigned stun2_report_progress(const struct stun2 *agent, uint64_t now);

/** The last report. size is sizeof(*out). STUN2_ERROR_STATE: there is none; out is zero then. */
STUN2_API int stun2_report_read(const struct stun2 *agent, struct stun2_report *out, size_t size);

/** The name of a kind: "P-RC". Lives for ever; "unknown" for numbers that are none. */
STUN2_API const char *stun2_nat_kind_text(int kind);

/** Tell relays this kind with the next requests, without measuring it: 1 to 10. */
STUN2_API int stun2_set_nat_kind(struct stun2 *agent, int kind, uint64_t now);

/* ---- for how long does our NAT remember? ---- */

/** When mappings of one kind are forgotten, in milliseconds of silence. */
struct stun2_lifetime_span {
    uint32_t ms;       /* the lifetime; if none was gone, the age that was alive */
    uint32_t alive_ms; /* one of this age was alive */
    uint32_t gone_ms;  /* one of this age was gone; 0: none was */
};

/** As which kind a mapping counts through which one packet went each way, and no more. */
enum stun2_answered {
    STUN2_ANSWERED_UNKNOWN,
    STUN2_ANSWERED_AS_UNANSWERED,
    STUN2_ANSWERED_AS_KEPT,
    STUN2_ANSWERED_AS_BOTH, /* both kinds are alike */
};

struct stun2_lifetime {
    int running;     /* 1: the rest is what was found so far */
    int unable;      /* 1: relays are silent, busy or older than this, or the network changed */
    uint32_t age_ms; /* running: for so long the oldest sockets have been silent */
    struct stun2_lifetime_span kept;       /* used both ways for more than 2 s, as open ways */
    struct stun2_lifetime_span unanswered; /* one packet went out, none came in */
    int answered_once;                     /* enum stun2_answered */
    int inbound_keeps;     /* packets from outside alone keep a mapping: 1 or 0; -1: not known */
    uint32_t keepalive_ms; /* so often open ways are tried now */
};

struct stun2_lifetime_options {
    size_t size; /* sizeof(struct stun2_lifetime_options) */
    /** STUN2_LIFETIME_SOCKETS fresh sockets of one family, as those of a report. They are open
     * until STUN2_EVENT_LIFETIME. */
    const struct stun2_address *sockets;
};

/** Measure for how long the NAT remembers mappings through which nothing goes: many sockets are
 * silent at once, and a relay of this agent sends to each at another age. It ends at most 10 s
 * after the longest lifetime is over, and after 305 s in any case, and costs 39 kB each way, 60 kB
 * at most.
 *
 * STUN2_EVENT_LIFETIME follows. From then on open ways, and sessions to relays, are used at seven
 * tenths of the lifetime, but each 5 to 30 s; until a relay sees this agent at another address, or
 * stun2_network_changed: then each 15 s at least, as before any measurement.
 *
 * STUN2_ERROR_STATE: one runs, or there is no address of a relay of that family; wait for
 * STUN2_EVENT_RELAY_OPEN. STUN2_ERROR_ARGUMENT: no sockets. */
STUN2_API int stun2_lifetime_begin(struct stun2 *agent,
                                   const struct stun2_lifetime_options *options, uint64_t now);

/** It is wanted no more: no event follows, and the sockets may be closed. */
STUN2_API void stun2_lifetime_end(struct stun2 *agent);

/** The last measurement, or what the one that runs found so far. size is sizeof(*out).
 * STUN2_ERROR_STATE: there is none; out is zero then. */
STUN2_API int stun2_lifetime_read(const struct stun2 *agent, struct stun2_lifetime *out,
                                  size_t size, uint64_t now);

/* ---- pools ---- */

/** Be in the pool of this type of application at this relay, also after its session was renewed:
 * whoever may use the relay's pools may be introduced to us then. POOL_JOINED or POOL_LEFT follows.
 * STUN2_ERROR_ARGUMENT: no such relay, or no type. STUN2_ERROR_LIMIT. */
STUN2_API int stun2_pool_join(struct stun2 *agent, uint64_t relay, const char *app, uint64_t now);

/** Leave it; no event follows. */
STUN2_API void stun2_pool_leave(struct stun2 *agent, uint64_t relay, const char *app);

/** Ask a relay for others that have a pool of this type, at most `count` (1 to STUN2_FOUND_MAX),
 * and whose own NAT is one of kinds_count kinds (at most 8; none: any). FOUND follows for each,
 * then FIND_END. STUN2_ERROR_ARGUMENT; STUN2_ERROR_STATE: it has no open session;
 * STUN2_ERROR_LIMIT: four such questions wait. */
STUN2_API int stun2_find(struct stun2 *agent, uint64_t relay, const char *app, const int *kinds,
                         size_t kinds_count, size_t count, uint64_t now);

/* ---- meeting others ---- */

/** Ask a relay to be introduced to any other one of a pool; being in it is not needed. As
 * stun2_punch. */
STUN2_API int stun2_pool_punch(struct stun2 *agent, uint64_t relay, const char *app,
                               uint64_t *punch, uint64_t now);

/** Ask a relay to be introduced to the one with this key, which has a session there, too, and is
 * asked (STUN2_EVENT_ASKED). *punch is a number that never comes again. OPEN or FAILED follows; it
 * waits as long as the relay has no session and the kind of NAT is not known. STUN2_ERROR_ARGUMENT:
 * no such relay, or the own key. STUN2_ERROR_STATE: there is a punch with this key already.
 * STUN2_ERROR_LIMIT. */
STUN2_API int stun2_punch(struct stun2 *agent, uint64_t relay, const uint8_t key[STUN2_KEY_SIZE],
                          uint64_t *punch, uint64_t now);

/** Say yes (1) or no (0) to who asked; without an answer in 10 s it is a no. A no ends the punch.
 * STUN2_ERROR_STATE: nothing is asked here any more. */
STUN2_API int stun2_answer(struct stun2 *agent, uint64_t punch, int yes, uint64_t now);

/** An address of this machine, as it is inside its network. */
struct stun2_local {
    uint8_t ip[16];       /* IPv4 in its mapped form */
    unsigned prefix_bits; /* of its network, in the 16-byte form: an IPv4 /24 is 120 */
};

/**
 * Let peers know the addresses that this machine itself has, and the port of the application's
 * socket, from now on: so two in one LAN meet there, also where their NAT does not send packets
 * back inwards, and two with public IPv6 addresses by these. Only the peers of punches learn them,
 * no relay does. Before this call peers are told none, and their own ones are not tried, unless
 * they are public. At most 8; those of containers, virtual machines and other VPNs are of no use
 * to anybody. Call it again whenever they change; a count of 0: none any more.
 *
 * STUN2_ERROR_LIMIT: more than STUN2_LOCALS_MAX. STUN2_ERROR_ARGUMENT: a port of 0, or a prefix
 * that is none.
 */
STUN2_API int stun2_set_locals(struct stun2 *agent, uint16_t port, const struct stun2_local *list,
                               size_t count, uint64_t now);

/** The punch is wanted no more; no event follows. The peer is told nothing: it loses the way. */
STUN2_API void stun2_punch_end(struct stun2 *agent, uint64_t punch, uint64_t now);

/** The open punch whose peer is at this address, or 0. */
STUN2_API uint64_t stun2_punch_of(const struct stun2 *agent, const struct stun2_address *address);

/** Where to send what is for the peer of an open punch. 0, and nothing is written: it is not open,
 * or for some seconds nothing should be sent, because this side has moved. */
STUN2_API int stun2_punch_address(const struct stun2 *agent, uint64_t punch,
                                  struct stun2_address *out);

#ifdef __cplusplus
}
#endif
