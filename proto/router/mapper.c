/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Two sockets: one that is connected to the router's PCP port, so that only it is heard there, and
 * one for what it tells everybody by multicast. The latter's port is shared with other programs of
 * this kind, and may be missing.
 */
#include "proto/router/mapper.h"

#include "proto/crypto/hash.h"
#include "proto/host/netway.h"
#include "proto/host/os_env.h"
#include "proto/router/jobs.h"

#include <arpa/inet.h>
#include <ev.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { DATAGRAMS_MAX = 16 /* in one turn of the loop */ };

struct mapper {
    struct mapper_options options;
    uint8_t nonce[PCP_NONCE_SIZE]; /* struct pcp_place */
    struct netway *ways;
    struct netway_found way;
    struct portmap portmap;
    struct router_jobs *jobs;
    struct ev_timer timer, way_timer;
    struct ev_io pcp_io, broadcast_io; /* their fd is -1: there is none */
    struct endpoint told;              /* what the owner was told last */
    struct mapper_counters counters;
};

static void step(struct mapper *mapper);

static struct sockaddr_in address_of(const struct endpoint *e)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(e->port)};

    memcpy(&address.sin_addr, e->ip + 12, sizeof(address.sin_addr));
    return address;
}

/* ---- sockets ---- */

static void socket_close(struct mapper *mapper, struct ev_io *io)
{
    if (io->fd >= 0) {
        ev_io_stop(mapper->options.loop, io);
        (void)close(io->fd);
    }
    ev_io_set(io, -1, EV_READ);
}

static void socket_use(struct mapper *mapper, struct ev_io *io, int fd)
{
    ev_io_set(io, fd, EV_READ);
    if (fd >= 0) {
        ev_io_start(mapper->options.loop, io);
    }
}

static int udp_socket(void)
{
    return socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
}

/* From our address on the way to the router, which must stand in PCP's requests. */
static void pcp_socket_open(struct mapper *mapper)
{
    struct endpoint from = mapper->portmap.place.internal;
    struct sockaddr_in local, router = address_of(&mapper->portmap.place.router);
    int fd = udp_socket();

    from.port = 0;
    local = address_of(&from);
    if (fd >= 0 && (bind(fd, (const struct sockaddr *)&local, sizeof(local)) != 0 ||
                    connect(fd, (const struct sockaddr *)&router, sizeof(router)) != 0)) {
        (void)close(fd);
        fd = -1;
    }
    socket_use(mapper, &mapper->pcp_io, fd);
}

static void broadcast_socket_open(struct mapper *mapper)
{
    struct sockaddr_in local = {.sin_family = AF_INET, .sin_port = htons(PCP_CLIENT_PORT)};
    struct ip_mreqn group = {.imr_ifindex = (int)mapper->way.interface};
    int fd = udp_socket();
    int one = 1;

    group.imr_multiaddr.s_addr = htonl(INADDR_ALLHOSTS_GROUP);
    if (fd >= 0 && (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) != 0 ||
                    bind(fd, (const struct sockaddr *)&local, sizeof(local)) != 0 ||
                    setsockopt(fd, IPPROTO_IP, IP_ADD_MEMBERSHIP, &group, sizeof(group)) != 0)) {
        (void)close(fd);
        fd = -1;
    }
    socket_use(mapper, &mapper->broadcast_io, fd);
}

static void on_readable(struct ev_loop *loop, struct ev_io *io, int events)
{
    struct mapper *mapper = io->data;
    uint8_t data[PCP_ANSWER_SIZE_MAX + 4];

    (void)loop;
    (void)events;
    for (int i = 0; i < DATAGRAMS_MAX; i++) {
        struct sockaddr_in from = {0};
        socklen_t from_size = sizeof(from);
        ssize_t size =
            recvfrom(io->fd, data, sizeof(data), 0, (struct sockaddr *)&from, &from_size);
        struct endpoint sender;
        uint8_t ip[4];

        if (size < 0) {
            break; /* nothing is left, or the router said by ICMP that it has no such port */
        }
        memcpy(ip, &from.sin_addr, sizeof(ip));
        sender = endpoint_v4(ip, ntohs(from.sin_port));
        if (io == &mapper->broadcast_io) {
            portmap_on_broadcast(&mapper->portmap, &sender, data, (size_t)size, clock_mono());
        } else {
            portmap_on_datagram(&mapper->portmap, &sender, data, (size_t)size, clock_mono());
        }
    }
    step(mapper);
}

/* ---- the way to the internet ---- */

/* False: there is no router to ask. */
static bool place_find(const struct mapper *mapper, struct pcp_place *place)
{
    const struct netway_found *way = &mapper->way;

    memcpy(place->router.ip, way->next_hop, sizeof(place->router.ip));
    memcpy(place->internal.ip, way->source, sizeof(place->internal.ip));
    place->router.port = PCP_SERVER_PORT;
    place->internal.port = mapper->options.local.port;
    memcpy(place->nonce, mapper->nonce, sizeof(place->nonce));
    return way->interface != 0 && endpoint_is_v4(&place->router) &&
           endpoint_is_v4(&place->internal) && mapper->options.mode != PORTMAP_MODE_OFF &&
           (mapper->options.mode == PORTMAP_MODE_ON ||
            endpoint_scope(&place->internal) == ENDPOINT_SCOPE_LAN);
}

static void prepare(struct mapper *mapper)
{
    struct pcp_place place = {0};

    socket_close(mapper, &mapper->pcp_io);
    socket_close(mapper, &mapper->broadcast_io);
    portmap_stop(&mapper->portmap);
    if (place_find(mapper, &place)) {
        if (mapper->options.find_only) {
            portmap_find(&mapper->portmap, mapper->options.env, &place, clock_mono());
        } else {
            portmap_begin(&mapper->portmap, mapper->options.env, &place, clock_mono());
        }
        pcp_socket_open(mapper);
        broadcast_socket_open(mapper);
    }
}

static void begin(struct mapper *mapper)
{
    prepare(mapper);
    step(mapper);
}

static struct netway_found way_look(struct mapper *mapper)
{
    /* An address of the internet, to which nothing is sent. */
    static const uint8_t outside[16] = {[10] = 0xff, [11] = 0xff, 8, 0, 0, 1};
    static const uint8_t any[16], any_v4[16] = {[10] = 0xff, [11] = 0xff};
    const struct endpoint *local = &mapper->options.local;
    bool choose = memcmp(local->ip, any, 16) == 0 || memcmp(local->ip, any_v4, 16) == 0;
    struct netway_found found = {0};

    if (choose || endpoint_is_v4(local)) {
        (void)netway_find(mapper->ways, choose ? any : local->ip, outside, &found);
    }
    return found;
}

static void on_way_due(struct ev_loop *loop, struct ev_timer *timer, int events)
{
    struct mapper *mapper = timer->data;
    struct netway_found found = way_look(mapper);

    (void)loop;
    (void)events;
    if (memcmp(&found, &mapper->way, sizeof(found)) != 0) {
        mapper->way = found;
        begin(mapper);
    }
}

/* ---- jobs and timers ---- */

static void tell(struct mapper *mapper)
{
    static const struct endpoint none;
    enum portmap_protocol protocol;
    const struct endpoint *external = portmap_external(&mapper->portmap, &protocol);
    const struct endpoint *now = external != NULL ? external : &none;
    char text[ENDPOINT_TEXT_SIZE];

    if (endpoint_equal(now, &mapper->told)) {
        return;
    }
    mapper->told = *now;
    if (external != NULL) {
        mapper->counters.mapped++;
        env_trace(mapper->options.env, TRACE_LEVEL_INFO, "portmap.mapped",
                  "the router lets UDP port %u in for this machine's port %u by=%s external=%s",
                  (unsigned)external->port, (unsigned)mapper->options.local.port,
                  portmap_protocol_label(protocol), endpoint_text(external, text));
    } else {
        mapper->counters.lost++;
        env_trace(mapper->options.env, TRACE_LEVEL_INFO, "portmap.lost",
                  "the router keeps the port no longer");
    }
    if (mapper->options.changed != NULL) {
        mapper->options.changed(mapper->options.context);
    }
}

static void jobs_start(struct mapper *mapper, struct mono now)
{
    struct portmap_job job;

    while (portmap_job(&mapper->portmap, &job, now)) {
        const struct portmap_result failed = {.outcome = PORTMAP_OUTCOME_SILENT};

        if (router_jobs_start(mapper->jobs, &job) != ERR_OK) {
            portmap_done(&mapper->portmap, &job, &failed, now);
        }
    }
}

static void timer_set(struct mapper *mapper, struct mono now)
{
    struct mono at = portmap_deadline(&mapper->portmap);

    ev_timer_stop(mapper->options.loop, &mapper->timer);
    if (mono_before(at, MONO_NEVER)) {
        ev_timer_set(&mapper->timer, (double)mono_ns_between(now, at) / (double)NS_PER_S, 0.);
        ev_timer_start(mapper->options.loop, &mapper->timer);
    }
}

/* Do what is due, and tell what changed. */
static void step(struct mapper *mapper)
{
    struct mono now = clock_mono();
    uint8_t out[PCP_MAP_SIZE];
    size_t size = portmap_expire(&mapper->portmap, out, now);

    if (size > 0 && mapper->pcp_io.fd >= 0) {
        (void)!send(mapper->pcp_io.fd, out, size, MSG_NOSIGNAL); /* it is sent again */
    }
    jobs_start(mapper, now);
    timer_set(mapper, now);
    tell(mapper);
}

static void on_due(struct ev_loop *loop, struct ev_timer *timer, int events)
{
    (void)loop;
    (void)events;
    step(timer->data);
}

static void on_done(void *context, const struct portmap_job *job,
                    const struct portmap_result *result)
{
    static const char *const verbs[] = {"find", "map", "end"};
    static const char *const outcomes[] = {"silent", "done", "refused"};
    struct mapper *mapper = context;

    env_trace(mapper->options.env, TRACE_LEVEL_DEBUG, "portmap.answer", "by=%s verb=%s outcome=%s",
              portmap_protocol_label(job->protocol), verbs[job->verb], outcomes[result->outcome]);
    portmap_done(&mapper->portmap, job, result, clock_mono());
    step(mapper);
}

/* ---- life ---- */

/* Nobody else can guess it. */
static void nonce_make(struct mapper *mapper)
{
    const struct identity *identity = mapper->options.identity;
    uint8_t code[MAC_SIZE];

    if (identity == NULL) {
        env_random(mapper->options.env, mapper->nonce, sizeof(mapper->nonce));
        return;
    }
    mac_label(code, identity->secret_key, sizeof(identity->secret_key), "ziglan portmap", NULL, 0);
    memcpy(mapper->nonce, code, sizeof(mapper->nonce));
    mapper->options.identity = NULL;
}

int mapper_open(struct mapper **out, const struct mapper_options *options)
{
    struct mapper *mapper = calloc(1, sizeof(*mapper));
    struct fault fault;
    int rc;

    if (mapper == NULL) {
        return ERR_NOMEM;
    }
    mapper->options = *options;
    nonce_make(mapper);
    rc = netway_open(&mapper->ways, &fault);
    if (rc == ERR_OK) {
        rc = router_jobs_new(&mapper->jobs, options->loop, on_done, mapper);
    }
    if (rc != ERR_OK) {
        netway_close(mapper->ways);
        free(mapper);
        return rc;
    }
    ev_io_init(&mapper->pcp_io, on_readable, -1, EV_READ);
    ev_io_init(&mapper->broadcast_io, on_readable, -1, EV_READ);
    ev_timer_init(&mapper->timer, on_due, 0., 0.);
    ev_timer_init(&mapper->way_timer, on_way_due, (double)MAPPER_WAY_MS / 1000,
                  (double)MAPPER_WAY_MS / 1000);
    mapper->pcp_io.data = mapper->broadcast_io.data = mapper;
    mapper->timer.data = mapper->way_timer.data = mapper;
    ev_timer_start(options->loop, &mapper->way_timer);
    mapper->way = way_look(mapper);
    prepare(mapper);
    ev_timer_start(options->loop, &mapper->timer); /* the first step, which may start threads */
    *out = mapper;
    return ERR_OK;
}

void mapper_close(struct mapper *mapper)
{
    uint8_t out[PCP_MAP_SIZE];
    struct portmap_job job;
    bool is_job;
    size_t size;

    if (mapper == NULL) {
        return;
    }
    size = portmap_end(&mapper->portmap, out, &job, &is_job);
    if (size > 0 && mapper->pcp_io.fd >= 0) {
        (void)!send(mapper->pcp_io.fd, out, size, MSG_NOSIGNAL);
    }
    if (is_job) {
        router_jobs_last(mapper->jobs, &job, MAPPER_END_MS);
    }
    router_jobs_free(mapper->jobs);
    socket_close(mapper, &mapper->pcp_io);
    socket_close(mapper, &mapper->broadcast_io);
    ev_timer_stop(mapper->options.loop, &mapper->timer);
    ev_timer_stop(mapper->options.loop, &mapper->way_timer);
    netway_close(mapper->ways);
    free(mapper);
}

void mapper_set_mode(struct mapper *mapper, enum portmap_mode mode)
{
    if (mode != mapper->options.mode) {
        mapper->options.mode = mode;
        begin(mapper);
    }
}

struct endpoint mapper_internal(const struct mapper *mapper)
{
    struct pcp_place place = {0};

    (void)place_find(mapper, &place);
    return endpoint_is_v4(&place.internal) ? place.internal : (struct endpoint){.port = 0};
}

const struct portmap *mapper_portmap(const struct mapper *mapper)
{
    return &mapper->portmap;
}

const struct endpoint *mapper_external(const struct mapper *mapper, enum portmap_protocol *protocol)
{
    return portmap_external(&mapper->portmap, protocol);
}

const struct mapper_counters *mapper_counters(const struct mapper *mapper)
{
    return &mapper->counters;
}

const char *mapper_text(const struct mapper *mapper, char text[MAPPER_TEXT_SIZE])
{
    struct pcp_place place = {0};

    if (mapper->portmap.on) {
        return portmap_text(&mapper->portmap, text);
    }
    if (mapper->options.mode == PORTMAP_MODE_OFF) {
        (void)snprintf(text, MAPPER_TEXT_SIZE, "off");
        return text;
    }
    (void)place_find(mapper, &place);
    if (endpoint_is_v4(&place.internal) &&
        endpoint_scope(&place.internal) == ENDPOINT_SCOPE_GLOBAL) {
        (void)snprintf(text, MAPPER_TEXT_SIZE, "not needed: this machine has a public address");
    } else {
        (void)snprintf(text, MAPPER_TEXT_SIZE,
                       "none: no router leads from here to the internet by IPv4");
    }
    return text;
}
