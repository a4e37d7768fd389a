/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What applications call: arguments are checked, and become those of the rooms below. */
#include "client/libstun2/api.h"

#include "client/libstun2/agent.h"
#include "client/libstun2/certificate.h"
#include "client/libstun2/failures.h"
#include "client/stun2/stun2.h"
#include "proto/crypto/key_form.h"
#include "ziglan_version.h"

#include <stdio.h>
#include <string.h>

/* wolfSSL is one for the whole process, and so is its source of randomness. */
static struct {
    bool up;
    struct stun2_ports ports;
    struct env env;
} library;

static struct mono instant(uint64_t now)
{
    return (struct mono){.ns = now};
}

/* ---- the process ---- */

const char *stun2_error_text(int error)
{
    return failure_error_text(error);
}

const char *stun2_version(void)
{
    return ZIGLAN_VERSION;
}

static void random_of(void *context, void *buf, size_t size)
{
    (void)context;
    library.ports.random(library.ports.context, buf, size);
}

static uint64_t wall_ms_of(void *context)
{
    (void)context;
    return library.ports.wall_ms(library.ports.context);
}

static void trace_of(void *context, enum trace_level level, const char *event, const char *text)
{
    (void)context;
    library.ports.log(library.ports.context, (enum stun2_log_level)level, event, text);
}

const struct env *api_env(void)
{
    return library.up ? &library.env : NULL;
}

int stun2_init(const struct stun2_ports *ports)
{
    _Static_assert((int)STUN2_LOG_DEBUG == (int)TRACE_LEVEL_DEBUG, "the levels are the same");
    if (library.up) {
        return STUN2_ERROR_STATE;
    }
    if (ports == NULL || ports->size < sizeof(*ports) || ports->random == NULL ||
        ports->wall_ms == NULL) {
        return STUN2_ERROR_ARGUMENT;
    }
    library.ports = *ports;
    library.env = (struct env){
        .random = random_of, .wall_ms = wall_ms_of, .trace = ports->log == NULL ? NULL : trace_of};
    if (identity_library_init() != ERR_OK || link_library_init(&library.env) != ERR_OK) {
        return STUN2_ERROR_SYSTEM;
    }
    library.up = true;
    return STUN2_OK;
}

void stun2_fini(void)
{
    if (library.up) {
        link_library_fini();
        library.up = false;
    }
}

/* ---- addresses and keys ---- */

const char *stun2_address_text(const struct stun2_address *address,
                               char text[STUN2_ADDRESS_TEXT_SIZE])
{
    struct endpoint endpoint = app_endpoint(address);

    _Static_assert((int)STUN2_ADDRESS_TEXT_SIZE == (int)ENDPOINT_TEXT_SIZE, "the same texts");
    return endpoint_text(&endpoint, text);
}

int stun2_address_parse(struct stun2_address *out, const char *text)
{
    struct endpoint endpoint;

    if (out == NULL || text == NULL || !endpoint_parse(&endpoint, text, 0) || endpoint.port == 0) {
        return STUN2_ERROR_ARGUMENT;
    }
    *out = app_address(&endpoint);
    return STUN2_OK;
}

const char *stun2_key_text(const uint8_t key[STUN2_KEY_SIZE], char text[STUN2_KEY_TEXT_SIZE])
{
    _Static_assert((int)STUN2_KEY_TEXT_SIZE == (int)KEY_TEXT_SIZE, "the same texts");
    return key_text(key, text);
}

int stun2_key_parse(uint8_t out[STUN2_KEY_SIZE], const char *text)
{
    return out != NULL && text != NULL && key_parse(out, text, strlen(text)) == ERR_OK
               ? STUN2_OK
               : STUN2_ERROR_ARGUMENT;
}

/* ---- an agent ---- */

int stun2_new(struct stun2 **out, const struct stun2_options *options, uint64_t now)
{
    int rc;

    if (out == NULL) {
        return STUN2_ERROR_ARGUMENT;
    }
    *out = NULL;
    if (options == NULL || options->size < sizeof(*options) || options->seed == NULL) {
        return STUN2_ERROR_ARGUMENT;
    }
    if (!library.up) {
        return STUN2_ERROR_STATE;
    }
    rc = agent_new(out, options->seed, &library.env, instant(now));
    if (rc != ERR_OK) {
        return rc == ERR_NOMEM ? STUN2_ERROR_MEMORY : STUN2_ERROR_SYSTEM;
    }
    if (options->keepalive_ms != 0) {
        stun2_set_keepalive(*out, options->keepalive_ms);
    }
    return STUN2_OK;
}

void stun2_free(struct stun2 *agent)
{
    agent_free(agent);
}

const uint8_t *stun2_key(const struct stun2 *agent)
{
    return agent->identity.public_key;
}

void stun2_certificate(const struct stun2 *agent, uint8_t certificate[STUN2_CERTIFICATE_SIZE],
                       uint8_t private_key[STUN2_PRIVATE_KEY_SIZE])
{
    _Static_assert((int)STUN2_CERTIFICATE_SIZE == (int)CERTIFICATE_SIZE &&
                       (int)STUN2_PRIVATE_KEY_SIZE == (int)CERTIFICATE_PRIVATE_SIZE,
                   "the same sizes");
    certificate_make(&agent->identity, agent->base.env, certificate, private_key);
}

int stun2_certificate_key(uint8_t out[STUN2_KEY_SIZE], const uint8_t *certificate, size_t size)
{
    return out != NULL && certificate != NULL && certificate_key(out, certificate, size) == ERR_OK
               ? STUN2_OK
               : STUN2_ERROR_ARGUMENT;
}

void stun2_set_keepalive(struct stun2 *agent, uint32_t keepalive_ms)
{
    app_base_set_keepalive(&agent->base, keepalive_ms);
}

void stun2_shutdown(struct stun2 *agent, uint64_t now)
{
    relay_set_shutdown(&agent->base.relays, instant(now));
}

/* ---- the loop ---- */

int stun2_receive(struct stun2 *agent, const struct stun2_datagram *in, uint64_t now)
{
    union {
        const uint8_t *given;
        uint8_t *kept; /* nobody writes there: agent_receive */
    } data = {.given = in->data};
    const struct dgram dgram = {.local = app_endpoint(&in->local),
                                .remote = app_endpoint(&in->remote),
                                .data = data.kept,
                                .size = in->size};

    return agent_receive(agent, &dgram, instant(now)) ? 1 : 0;
}

int stun2_transmit(struct stun2 *agent, struct stun2_datagram *out, uint64_t now)
{
    const struct outbox_item *item = agent_transmit(agent, instant(now));

    if (item == NULL) {
        return 0;
    }
    *out = (struct stun2_datagram){.local = app_address(&item->local),
                                   .remote = app_address(&item->remote),
                                   .data = agent->base.box.bytes + item->offset,
                                   .size = item->size,
                                   .hops = item->hops};
    return 1;
}

void stun2_expire(struct stun2 *agent, uint64_t now)
{
    agent_expire(agent, instant(now));
}

uint64_t stun2_deadline(const struct stun2 *agent)
{
    return agent_deadline(agent).ns;
}

void stun2_network_changed(struct stun2 *agent, uint64_t now)
{
    agent_network_changed(agent, NULL, instant(now));
}

int stun2_resolve_wanted(struct stun2 *agent, char host[STUN2_HOST_SIZE], uint64_t *ticket,
                         uint64_t now)
{
    struct relay_resolve wanted;

    if (!relay_set_resolve_wanted(&agent->base.relays, &wanted, instant(now))) {
        return 0;
    }
    (void)snprintf(host, STUN2_HOST_SIZE, "%s", wanted.host);
    *ticket = wanted.ticket;
    return 1;
}

void stun2_resolved(struct stun2 *agent, uint64_t ticket, const struct stun2_address *addresses,
                    size_t count, uint64_t now)
{
    struct endpoint endpoints[RELAY_TARGETS_PER_HOST_MAX];
    size_t used = count < RELAY_TARGETS_PER_HOST_MAX ? count : RELAY_TARGETS_PER_HOST_MAX;
    const char *failed;

    for (size_t i = 0; i < used; i++) {
        endpoints[i] = app_endpoint(&addresses[i]);
    }
    (void)relay_set_resolved(&agent->base.relays, ticket, endpoints, used, &failed, instant(now));
}

int stun2_event(struct stun2 *agent, struct stun2_event *out, size_t size)
{
    struct stun2_event event;

    if (!app_events_take(&agent->base.events, &event)) {
        return 0;
    }
    memset(out, 0, size);
    memcpy(out, &event, size < sizeof(event) ? size : sizeof(event));
    return 1;
}

int stun2_set_locals(struct stun2 *agent, uint16_t port, const struct stun2_local *list,
                     size_t count, uint64_t now)
{
    struct host_local_addr addrs[STUN2_LOCALS_MAX];
    bool more;

    _Static_assert((int)STUN2_LOCALS_MAX == (int)PUNCH_PLACES_MAX, "all of them are told");
    if (count > STUN2_LOCALS_MAX) {
        return STUN2_ERROR_LIMIT;
    }
    if (count > 0 && (list == NULL || port == 0)) {
        return STUN2_ERROR_ARGUMENT;
    }
    for (size_t i = 0; i < count; i++) {
        if (list[i].prefix_bits > 128) {
            return STUN2_ERROR_ARGUMENT;
        }
        addrs[i] = (struct host_local_addr){.prefix_bits = (uint8_t)list[i].prefix_bits};
        memcpy(addrs[i].ip, list[i].ip, sizeof(addrs[i].ip));
    }
    more = own_addresses_set(&agent->base.own, addrs, count, port);
    punches_on_own(&agent->punches, more, instant(now));
    return STUN2_OK;
}

/* ---- relays ---- */

/* A URL, what stands behind its scheme, or a key. */
static int url_read(struct url *url, const char *text, char problem[URL_ERROR_SIZE])
{
    char whole[URL_SIZE_MAX + 1];
    int size;

    if (key_parse(url->key, text, strlen(text)) == ERR_OK) {
        url->kind = URL_KIND_RELAY;
        return ERR_OK;
    }
    size =
        snprintf(whole, sizeof(whole), "%s%s", strstr(text, "://") == NULL ? "relay://" : "", text);
    if (size < 0 || (size_t)size >= sizeof(whole)) {
        (void)snprintf(problem, URL_ERROR_SIZE, "the URL is longer than %d characters",
                       URL_SIZE_MAX);
        return ERR_DROP;
    }
    return url_parse(url, whole, (size_t)size, problem);
}

int stun2_relay_add(struct stun2 *agent, const char *text, uint64_t *relay,
                    char problem[STUN2_TEXT_SIZE], uint64_t now)
{
    struct url url = {.kind = URL_KIND_RELAY};
    char said[URL_ERROR_SIZE] = "";

    if (text == NULL || relay == NULL) {
        (void)snprintf(said, sizeof(said), "%s", stun2_error_text(STUN2_ERROR_ARGUMENT));
    } else if (url_read(&url, text, said) == ERR_OK && !url_is_usable(&url)) {
        (void)snprintf(said, sizeof(said), "%s", KEY_UNUSABLE_TEXT);
    }
    if (problem != NULL) {
        (void)snprintf(problem, STUN2_TEXT_SIZE, "%s", said);
    }
    if (said[0] != '\0') {
        return STUN2_ERROR_ARGUMENT;
    }
    *relay = agent_relay_add(agent, &url, instant(now));
    return *relay != 0 ? STUN2_OK : STUN2_ERROR_LIMIT;
}

void stun2_relay_remove(struct stun2 *agent, uint64_t relay, uint64_t now)
{
    agent_relay_remove(agent, relay, instant(now));
}

uint32_t stun2_relay_rtt_us(const struct stun2 *agent, uint64_t relay)
{
    const struct relay_session *session = app_base_relay(&agent->base, relay);
    uint64_t us = session == NULL ? 0 : link_hub_rtt_ns(session->hub, session->active) / NS_PER_US;

    return us < UINT32_MAX ? (uint32_t)us : UINT32_MAX;
}

size_t stun2_relay_rewards(const struct stun2 *agent, uint64_t relay,
                           struct stun2_reward out[STUN2_REWARDS_MAX])
{
    const struct relay_session *session = app_base_relay(&agent->base, relay);
    size_t count = session == NULL ? 0 : session->facts.rewards_count;

    for (size_t i = 0; i < count && i < STUN2_REWARDS_MAX; i++) {
        const struct record_reward *reward = &session->facts.rewards[i];

        app_text(out[i].chain, sizeof(out[i].chain), reward->chain);
        app_text(out[i].address, sizeof(out[i].address), reward->address);
        app_text(out[i].identity, sizeof(out[i].identity), reward->identity);
    }
    return count < STUN2_REWARDS_MAX ? count : STUN2_REWARDS_MAX;
}

/* ---- what is our NAT? ---- */

const char *stun2_nat_kind_text(int kind)
{
    static const char *const texts[] = {
        [STUN2_NAT_UNKNOWN] = "unknown",
        [STUN2_NAT_PUBLIC] = "Public",
        [STUN2_NAT_PUBLIC_FW] = "Public-FW",
        [STUN2_NAT_FULL_CONE] = "FullC",
        [STUN2_NAT_RC] = "RC",
        [STUN2_NAT_P_RC] = "P-RC",
        [STUN2_NAT_SYM] = "Sym",
        [STUN2_NAT_SYM_STEP] = "Sym",
        [STUN2_NAT_SYM_RANGE] = "Sym",
        [STUN2_NAT_BLOCKED] = "Blocked",
        [STUN2_NAT_UNSURE] = "unsure",
    };

    return kind >= 0 && (size_t)kind < sizeof(texts) / sizeof(texts[0]) ? texts[kind] : texts[0];
}

int stun2_set_nat_kind(struct stun2 *agent, int kind, uint64_t now)
{
    if (kind < STUN2_NAT_PUBLIC || kind > STUN2_NAT_UNSURE) {
        return STUN2_ERROR_ARGUMENT;
    }
    agent->base.nat_kind = (uint8_t)kind;
    pool_seats_expire(&agent->pools, instant(now));
    return STUN2_OK;
}

int stun2_report_begin(struct stun2 *agent, const struct stun2_report_options *options,
                       uint64_t now)
{
    if (options == NULL || options->size < sizeof(*options) ||
        (options->ip4 == NULL && options->ip6 == NULL)) {
        return STUN2_ERROR_ARGUMENT;
    }
    return report_begin(&agent->report, options->ip4, options->ip6, options->hairpin != 0,
                        instant(now))
               ? STUN2_OK
               : STUN2_ERROR_STATE;
}

unsigned stun2_report_progress(const struct stun2 *agent, uint64_t now)
{
    return report_progress(&agent->report, instant(now));
}

int stun2_report_read(const struct stun2 *agent, struct stun2_report *out, size_t size)
{
    struct stun2_report report;
    bool known = report_read(&agent->report, &report);

    memset(out, 0, size);
    memcpy(out, &report, size < sizeof(report) ? size : sizeof(report));
    return known ? STUN2_OK : STUN2_ERROR_STATE;
}

int stun2_lifetime_begin(struct stun2 *agent, const struct stun2_lifetime_options *options,
                         uint64_t now)
{
    if (options == NULL || options->size < sizeof(*options) || options->sockets == NULL) {
        return STUN2_ERROR_ARGUMENT;
    }
    return app_lifetime_begin(&agent->lifetime, options->sockets, instant(now)) ? STUN2_OK
                                                                                : STUN2_ERROR_STATE;
}

void stun2_lifetime_end(struct stun2 *agent)
{
    app_lifetime_end(&agent->lifetime);
}

int stun2_lifetime_read(const struct stun2 *agent, struct stun2_lifetime *out, size_t size,
                        uint64_t now)
{
    struct stun2_lifetime lifetime;
    bool known = app_lifetime_read(&agent->lifetime, &lifetime, instant(now));

    memset(out, 0, size);
    memcpy(out, &lifetime, size < sizeof(lifetime) ? size : sizeof(lifetime));
    return known ? STUN2_OK : STUN2_ERROR_STATE;
}

/* ---- pools and punches ---- */

static bool is_app(const char *app)
{
    size_t size = app == NULL ? 0 : strnlen(app, STUN2_APP_SIZE);

    _Static_assert((int)STUN2_APP_SIZE == (int)RECORD_APP_SIZE, "the same types");
    for (size_t i = 0; i < size; i++) {
        if (app[i] <= ' ' || app[i] > '~') {
            return false;
        }
    }
    return size > 0 && size < STUN2_APP_SIZE;
}

int stun2_pool_join(struct stun2 *agent, uint64_t relay, const char *app, uint64_t now)
{
    if (!is_app(app) || relay_set_find(&agent->base.relays, relay) == NULL) {
        return STUN2_ERROR_ARGUMENT;
    }
    return pool_seats_want(&agent->pools, relay, app, instant(now)) ? STUN2_OK : STUN2_ERROR_LIMIT;
}

void stun2_pool_leave(struct stun2 *agent, uint64_t relay, const char *app)
{
    pool_seats_quit(&agent->pools, relay, app);
}

int stun2_find(struct stun2 *agent, uint64_t relay, const char *app, const int *kinds,
               size_t kinds_count, size_t count, uint64_t now)
{
    uint32_t wanted[FIND_NAT_KINDS_MAX] = {0};

    if (!is_app(app) || kinds_count > FIND_NAT_KINDS_MAX || (kinds_count > 0 && kinds == NULL) ||
        count == 0 || count > STUN2_FOUND_MAX) {
        return STUN2_ERROR_ARGUMENT;
    }
    for (size_t i = 0; i < kinds_count; i++) {
        if (kinds[i] < 0 || kinds[i] > UINT8_MAX) {
            return STUN2_ERROR_ARGUMENT;
        }
        wanted[i] = (uint32_t)kinds[i];
    }
    return finds_ask(&agent->finds, relay, app, wanted, kinds_count, count, instant(now));
}

int stun2_punch(struct stun2 *agent, uint64_t relay, const uint8_t key[STUN2_KEY_SIZE],
                uint64_t *punch, uint64_t now)
{
    if (key == NULL || punch == NULL || relay_set_find(&agent->base.relays, relay) == NULL ||
        memcmp(key, agent->identity.public_key, KEY_SIZE) == 0) {
        return STUN2_ERROR_ARGUMENT;
    }
    if (punch_table_of_key(&agent->punches.table, key) != NULL) {
        return STUN2_ERROR_STATE;
    }
    *punch = punches_ask(&agent->punches, relay, key, NULL, instant(now));
    return *punch != 0 ? STUN2_OK : STUN2_ERROR_LIMIT;
}

int stun2_pool_punch(struct stun2 *agent, uint64_t relay, const char *app, uint64_t *punch,
                     uint64_t now)
{
    if (!is_app(app) || punch == NULL || relay_set_find(&agent->base.relays, relay) == NULL) {
        return STUN2_ERROR_ARGUMENT;
    }
    *punch = punches_ask(&agent->punches, relay, NULL, app, instant(now));
    return *punch != 0 ? STUN2_OK : STUN2_ERROR_LIMIT;
}

int stun2_answer(struct stun2 *agent, uint64_t punch, int yes, uint64_t now)
{
    return punches_answer(&agent->punches, punch, yes != 0, instant(now)) ? STUN2_OK
                                                                          : STUN2_ERROR_STATE;
}

void stun2_punch_end(struct stun2 *agent, uint64_t punch, uint64_t now)
{
    struct app_punch *wanted = punch_table_find(&agent->punches.table, punch);

    if (wanted == NULL) {
        return;
    }
    if (wanted->step == PUNCH_STEP_OFFERED) {
        (void)punches_answer(&agent->punches, punch, false, instant(now));
    } else {
        punch_table_end(wanted);
    }
}

uint64_t stun2_punch_of(const struct stun2 *agent, const struct stun2_address *address)
{
    struct endpoint endpoint = app_endpoint(address);
    const struct app_punch *punch = punch_table_of_address(&agent->punches.table, &endpoint);

    return punch == NULL ? 0 : punch->number;
}

int stun2_punch_address(const struct stun2 *agent, uint64_t punch, struct stun2_address *out)
{
    for (size_t i = 0; punch != 0 && i < STUN2_PUNCHES_MAX; i++) {
        const struct app_punch *one = &agent->punches.table.list[i];

        if (one->number == punch && one->step == PUNCH_STEP_OPEN && !one->keeping.held) {
            *out = app_address(&one->proven.remote);
            return 1;
        }
    }
    return 0;
}
