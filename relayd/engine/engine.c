/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Opens the sockets, and gives the pump the core's verbs. */
#include "relayd/engine/engine.h"

#include "proto/base/bytes.h"
#include "proto/host/os_env.h"
#include "proto/host/passed_socket.h"
#include "proto/host/pump.h"
#include "proto/host/resolves.h"
#include "proto/host/udp_batch.h"
#include "proto/router/mapper.h"
#include "proto/wire/lend.h"
#include "relayd/engine/workers.h"

#include <ev.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    LISTEN_TEXT_SIZE = RELAY_ENGINE_SOCKETS_MAX * (ENDPOINT_TEXT_SIZE + 2),
    PORTS_TEXT_SIZE = RELAY_ENGINE_SOCKETS_MAX * 7,
    HANDED_MAX = 128, /* datagrams of each worker in a turn of the loop */
};

struct relay_engine {
    struct ev_loop *loop;
    struct relay_core *core;
    struct udp_batch *sockets[RELAY_ENGINE_SOCKETS_MAX];
    size_t sockets_count;
    bool quiet[RELAY_ENGINE_SOCKETS_MAX]; /* of this one hosts are not told as where to come */
    /* Those of the service manager over which ours are bound: what came before is in them. */
    struct udp_batch *below[RELAY_ENGINE_SOCKETS_MAX];
    size_t below_count;
    struct pump *pump;
    struct workers *workers; /* NULL: the control thread does it all */
    unsigned workers_wanted, workers_count;
    struct ev_io workers_wake;
    struct fault workers_fault; /* its text is empty: there is nothing to say */
    struct resolves resolves;
    struct mapper *mapper; /* NULL: the kernel does not tell the way to the router */
    struct script_runner *script;
    char listen_text[LISTEN_TEXT_SIZE];
    char ports_text[PORTS_TEXT_SIZE];
    struct fault spare_fault; /* its text is empty: there is nothing to say of the spare port */
};

/* ---- the core's verbs for the pump; only transmit has something to send ---- */

static void core_receive(void *context, const struct dgram *in, struct outbox *out, struct mono now)
{
    const struct relay_engine *engine = context;

    (void)out;
    relay_core_receive(engine->core, in, now);
}

static void core_expire(void *context, struct outbox *out, struct mono now)
{
    const struct relay_engine *engine = context;

    (void)out;
    relay_core_expire(engine->core, now);
}

static void core_transmit(void *context, struct outbox *out, struct mono now)
{
    const struct relay_engine *engine = context;

    relay_core_transmit(engine->core, out, now);
}

static struct mono core_deadline(void *context)
{
    const struct relay_engine *engine = context;

    return relay_core_deadline(engine->core);
}

static void core_settle(void *context, struct mono now)
{
    struct relay_engine *engine = context;

    resolves_start(&engine->resolves, now);
    script_runner_settle(engine->script);
    if (relay_core_stopped(engine->core)) {
        ev_break(engine->loop, EVBREAK_ALL);
    }
}

/* ---- names of relays ---- */

static bool name_wanted(void *context, uint64_t *ticket, char host[HOST_TEXT_SIZE], struct mono now)
{
    const struct relay_engine *engine = context;

    (void)now;
    return relay_core_resolve_wanted(engine->core, ticket, host);
}

static void name_resolved(void *context, uint64_t ticket, const struct endpoint *addrs,
                          size_t count, struct mono now)
{
    const struct relay_engine *engine = context;

    relay_core_resolved(engine->core, ticket, addrs, count, now);
}

/* ---- sockets ---- */

/* Note a port, each once. */
static void port_note(struct relay_engine *engine, uint16_t port)
{
    size_t used = strlen(engine->ports_text);

    for (size_t i = 0; i < engine->sockets_count; i++) {
        if (udp_batch_local(engine->sockets[i])->port == port) {
            return;
        }
    }
    (void)snprintf(engine->ports_text + used, sizeof(engine->ports_text) - used, "%s%u",
                   used > 0 ? ", " : "", (unsigned)port);
}

/* They are read one after the other, so all receive into the room of the first. */
static struct udp_options socket_options(const struct relay_engine *engine,
                                         const struct endpoint *local)
{
    return (struct udp_options){.local = *local,
                                .room_of = engine->sockets_count > 0 ? engine->sockets[0] : NULL};
}

/* A socket for workers to join, where the service manager, as another user, has one bound: ours is
 * bound over it. False if there is none such, or it cannot be. */
static bool socket_open_over(struct relay_engine *engine, const struct endpoint *local,
                             struct udp_batch **out)
{
    struct udp_options options = {.local = *local, .passed_only = true};
    struct udp_batch *below = NULL;
    struct fault fault;

    if (engine->workers_wanted == 0 || udp_batch_open(&below, &options, &fault) != ERR_OK) {
        return false;
    }
    options = socket_options(engine, local);
    options.passed = true;
    options.over = below;
    if (udp_batch_open(out, &options, &engine->workers_fault) != ERR_OK) {
        *out = below; /* without workers, then */
        return true;
    }
    engine->below[engine->below_count++] = below;
    return true;
}

static int socket_add(struct relay_engine *engine, const struct endpoint *local,
                      struct fault *fault)
{
    struct udp_options options = socket_options(engine, local);
    size_t used = strlen(engine->listen_text);
    struct udp_batch *socket = NULL;
    char text[ENDPOINT_TEXT_SIZE];
    int rc = ERR_OK;

    CHECK(engine->sockets_count < RELAY_ENGINE_SOCKETS_MAX);
    options.passed = true;
    if (!socket_open_over(engine, local, &socket)) {
        rc = udp_batch_open(&socket, &options, fault);
    }
    if (rc == ERR_OK) {
        port_note(engine, udp_batch_local(socket)->port);
        (void)snprintf(engine->listen_text + used, sizeof(engine->listen_text) - used, "%s%s",
                       used > 0 ? ", " : "", endpoint_text(udp_batch_local(socket), text));
        engine->sockets[engine->sockets_count] = socket;
        engine->sockets_count++;
    }
    return rc;
}

/* A socket of a port that the kernel chooses. It is no address to listen at. */
static int socket_add_quietly(struct relay_engine *engine, const struct endpoint *listen,
                              uint16_t *port, struct fault *fault)
{
    struct udp_options options = socket_options(engine, listen);
    int rc;

    options.local.port = 0;
    rc = udp_batch_open(&engine->sockets[engine->sockets_count], &options, fault);
    if (rc == ERR_OK) {
        *port = udp_batch_local(engine->sockets[engine->sockets_count])->port;
        engine->quiet[engine->sockets_count] = true;
        engine->sockets_count++;
    }
    return rc;
}

/* Hosts are told of a port that is open to the world besides the first one, and of the one from
 * which they want something sent. */
static void ports_tell(struct relay_engine *engine, size_t listening, uint16_t third)
{
    uint16_t first = udp_batch_local(engine->sockets[0])->port;
    uint16_t ports[2];
    size_t count = 0;

    for (size_t i = 1; count == 0 && i < engine->sockets_count; i++) {
        uint16_t port = udp_batch_local(engine->sockets[i])->port;

        if (port != first && (i < listening || i == engine->sockets_count - 1) && port != third) {
            ports[count++] = port;
        }
    }
    ports[count++] = third;
    relay_core_ports(engine->core, ports, count);
}

/* The ports at the address of the first one, without those for measuring; stock clients want two.
 */
static void answer_ports_tell(struct relay_engine *engine, uint16_t second, uint16_t third)
{
    const struct endpoint *first = udp_batch_local(engine->sockets[0]);
    uint16_t ports[LEND_ANSWER_PORTS_MAX];
    size_t count = 0;

    for (size_t i = 0; i < engine->sockets_count && count < LEND_ANSWER_PORTS_MAX; i++) {
        const struct endpoint *local = udp_batch_local(engine->sockets[i]);

        if (endpoint_same_ip(local, first) && local->port != second && local->port != third) {
            ports[count++] = local->port;
        }
    }
    relay_core_answer_ports(engine->core, ports, count);
}

static int sockets_open(struct relay_engine *engine, const struct relay_engine_options *options,
                        struct fault *fault)
{
    struct endpoint spare = options->listen[0];
    uint16_t second = 0, third = 0;
    int rc = ERR_OK;

    for (size_t i = 0; rc == ERR_OK && i < options->listen_count; i++) {
        rc = socket_add(engine, &options->listen[i], fault);
    }
    /* A port of which nobody is told, to measure neighbours from. */
    if (rc == ERR_OK) {
        rc = socket_add_quietly(engine, &options->listen[0], &second, fault);
    }
    if (rc == ERR_OK) {
        relay_core_second_port(engine->core, second);
        rc = socket_add_quietly(engine, &options->listen[0], &third, fault);
    }
    spare.port = options->spare_port;
    if (rc == ERR_OK && spare.port != 0) {
        (void)socket_add(engine, &spare, &engine->spare_fault); /* without it is fine, too */
    }
    passed_sockets_settle();
    if (rc == ERR_OK) {
        ports_tell(engine, options->listen_count, third);
        answer_ports_tell(engine, second, third);
    }
    return rc;
}

/* ---- workers ---- */

struct handing {
    const struct relay_engine *engine;
    struct mono now;
};

static void handed_take(void *context, const struct dgram *in)
{
    const struct handing *handing = context;

    relay_core_receive(handing->engine->core, in, handing->now);
}

static void on_workers(struct ev_loop *loop, struct ev_io *w, int events)
{
    struct relay_engine *engine = w->data;
    struct handing handing = {.engine = engine, .now = clock_mono()};

    (void)loop;
    (void)events;
    relay_core_workers(engine->core, handing.now);
    (void)workers_drain(engine->workers, HANDED_MAX, handed_take, &handing);
    pump_kick(engine->pump);
}

/* Whom to tell that all sockets are open. */
struct opening {
    void (*opened)(void *context);
    void *context;
};

static void opened_tell(void *context)
{
    struct opening *opening = context;

    if (opening->opened != NULL) {
        opening->opened(opening->context);
        opening->opened = NULL;
    }
}

/* Without them is fine, too. */
static void workers_begin(struct relay_engine *engine, unsigned count, struct opening *opening)
{
    struct udp_batch *sockets[RELAY_ENGINE_SOCKETS_MAX];
    struct workers_options options = {.board = relay_core_lane_board(engine->core),
                                      .stun = relay_core_stun_board(engine->core),
                                      .count = count,
                                      .sockets = sockets,
                                      .opened = opened_tell,
                                      .context = opening};

    if (options.board == NULL || count == 0) {
        return;
    }
    for (size_t i = 0; i < engine->sockets_count; i++) {
        if (!engine->quiet[i]) {
            sockets[options.sockets_count++] = engine->sockets[i];
        }
    }
    if (workers_start(&engine->workers, &options, &engine->workers_fault) == ERR_OK) {
        engine->workers_count = count;
        ev_io_init(&engine->workers_wake, on_workers, workers_fd(engine->workers), EV_READ);
        engine->workers_wake.data = engine;
        ev_io_start(engine->loop, &engine->workers_wake);
    }
}

/* ---- the router ---- */

static void on_mapping(void *context)
{
    struct relay_engine *engine = context;
    enum portmap_protocol protocol;
    const struct endpoint *external = mapper_external(engine->mapper, &protocol);

    relay_core_mapped(engine->core, external != NULL ? external->port : 0, clock_mono());
    pump_kick(engine->pump);
}

/* Without it is fine, too. */
static void mapper_begin(struct relay_engine *engine, const struct relay_engine_options *options)
{
    struct mapper_options mapper = {
        .loop = options->loop,
        .env = options->env,
        .context = engine,
        .changed = on_mapping,
        .local = *udp_batch_local(engine->sockets[0]),
        .identity = options->identity,
        .mode = options->portmap,
    };

    if (mapper_open(&engine->mapper, &mapper) != ERR_OK) {
        env_trace(options->env, TRACE_LEVEL_WARN, "portmap.off",
                  "the way to the router is not known: no port is mapped");
    }
}

/* ---- the program that admits ---- */

static void on_script(void *context)
{
    const struct relay_engine *engine = context;

    pump_kick(engine->pump);
}

void relay_engine_script(struct relay_engine *engine, const struct script_options *options)
{
    script_runner_set(engine->script, options);
    pump_kick(engine->pump);
}

/* ---- the engine ---- */

/* Ours come first: what is sent leaves from them. */
static int pump_begin(struct relay_engine *engine, const struct pump_core *core)
{
    struct udp_batch *all[2 * RELAY_ENGINE_SOCKETS_MAX];
    size_t count = 0;

    for (size_t i = 0; i < engine->sockets_count; i++) {
        all[count++] = engine->sockets[i];
    }
    for (size_t i = 0; i < engine->below_count; i++) {
        all[count++] = engine->below[i];
    }
    return pump_new(&engine->pump, engine->loop, core, all, count);
}

int relay_engine_open(struct relay_engine **out, const struct relay_engine_options *options,
                      struct fault *fault)
{
    struct relay_engine *engine = calloc(1, sizeof(*engine));
    const struct resolve_core names = {
        .context = engine, .wanted = name_wanted, .resolved = name_resolved};
    const struct pump_core core = {.context = engine,
                                   .receive = core_receive,
                                   .expire = core_expire,
                                   .transmit = core_transmit,
                                   .deadline = core_deadline,
                                   .settle = core_settle};
    struct opening opening = {.opened = options->opened, .context = options->context};
    int rc;

    *out = NULL;
    if (engine == NULL) {
        fault_set(fault, EXIT_CODE_FAILURE, "out of memory");
        return ERR_NOMEM;
    }
    engine->loop = options->loop;
    engine->core = options->core;
    engine->workers_wanted = options->workers;
    rc = sockets_open(engine, options, fault);
    if (rc == ERR_OK) {
        rc = pump_begin(engine, &core);
        if (rc == ERR_OK) {
            rc = script_runner_new(&engine->script, engine->loop, engine->core, options->env,
                                   options->script, on_script, engine);
        }
        if (rc == ERR_OK) {
            rc = resolves_init(&engine->resolves, engine->loop, &names, engine->pump);
        }
        if (rc != ERR_OK) {
            fault_set(fault, EXIT_CODE_FAILURE, "out of memory");
        }
    }
    if (rc != ERR_OK) {
        relay_engine_close(engine);
        return rc;
    }
    mapper_begin(engine, options);
    workers_begin(engine, options->workers, &opening);
    opened_tell(&opening); /* where there are none */
    *out = engine;
    return ERR_OK;
}

void relay_engine_close(struct relay_engine *engine)
{
    if (engine == NULL) {
        return;
    }
    if (engine->workers != NULL) {
        ev_io_stop(engine->loop, &engine->workers_wake);
        workers_stop(engine->workers);
    }
    mapper_close(engine->mapper);
    script_runner_free(engine->script);
    resolves_fini(&engine->resolves);
    pump_free(engine->pump);
    for (size_t i = 0; i < engine->sockets_count; i++) {
        udp_batch_close(engine->sockets[i]);
    }
    for (size_t i = 0; i < engine->below_count; i++) {
        udp_batch_close(engine->below[i]);
    }
    free(engine);
}

void relay_engine_drain(struct relay_engine *engine, unsigned budget_ms)
{
    pump_drain(engine->pump, budget_ms);
}

void relay_engine_kick(struct relay_engine *engine)
{
    pump_kick(engine->pump);
}

const char *relay_engine_listen_text(const struct relay_engine *engine)
{
    return engine->listen_text;
}

const char *relay_engine_ports_text(const struct relay_engine *engine)
{
    return engine->ports_text;
}

const char *relay_engine_spare_problem(const struct relay_engine *engine)
{
    return engine->spare_fault.text;
}

unsigned relay_engine_workers(const struct relay_engine *engine)
{
    return engine->workers_count;
}

const char *relay_engine_workers_problem(const struct relay_engine *engine)
{
    return engine->workers_fault.text;
}

void relay_engine_portmap(struct relay_engine *engine, enum portmap_mode mode)
{
    if (engine->mapper != NULL) {
        mapper_set_mode(engine->mapper, mode);
    }
}

const char *relay_engine_portmap_text(const struct relay_engine *engine,
                                      char text[RELAY_ENGINE_PORTMAP_SIZE])
{
    if (engine->mapper != NULL) {
        return mapper_text(engine->mapper, text);
    }
    (void)snprintf(text, RELAY_ENGINE_PORTMAP_SIZE, "none: the way to the router is not known");
    return text;
}

static struct mapping_use mapping_use_of(const struct relay_engine *engine)
{
    struct mapping_use use = {.protocol = ""};
    enum portmap_protocol protocol;

    if (engine->mapper != NULL) {
        use.mapped = mapper_counters(engine->mapper)->mapped;
        use.lost = mapper_counters(engine->mapper)->lost;
        if (mapper_external(engine->mapper, &protocol) != NULL) {
            use.protocol = portmap_protocol_label(protocol);
        }
    }
    return use;
}

static void use_add(struct socket_use *use, const struct udp_counters *c)
{
    use->received_datagrams += c->received_datagrams;
    use->sent_datagrams += c->sent_datagrams;
    use->sent_bytes += c->sent_bytes;
    use->too_large += c->too_large;
    use->send_errors += c->send_errors;
    use->receive_errors += c->receive_errors;
    use->truncated += c->truncated;
}

struct socket_use relay_engine_socket_use(const struct relay_engine *engine)
{
    struct socket_use use = {.mapping = mapping_use_of(engine)};
    struct udp_counters of_workers = {0};

    for (size_t i = 0; i < engine->sockets_count; i++) {
        use_add(&use, udp_batch_counters(engine->sockets[i]));
    }
    for (size_t i = 0; i < engine->below_count; i++) {
        use_add(&use, udp_batch_counters(engine->below[i]));
    }
    workers_socket_counters(engine->workers, &of_workers);
    use_add(&use, &of_workers);
    return use;
}
