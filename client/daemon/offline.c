/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Join and leave hold the lock of the interface, so no daemon starts meanwhile.
 */
#include "client/daemon/offline.h"

#include "client/admin/host_admin.h"
#include "client/admin/whoami.h"
#include "client/daemon/host.h"
#include "client/daemon/setup.h"
#include "proto/admin/answer.h"
#include "proto/wire/url.h"

#include <errno.h>
#include <ev.h>
#include <string.h>
#include <unistd.h>

/* -- Waiting ----------------------------------------------------------------------------------- */

/* What is waited for. */
struct wait {
    struct host *host;
    bool (*over)(const struct host_core *core, const uint8_t key[KEY_SIZE]);
    const uint8_t *key; /* of the ziglan that it is about */
};

static void on_end(struct ev_loop *loop, struct ev_timer *w, int events)
{
    (void)w;
    (void)events;
    ev_break(loop, EVBREAK_ALL);
}

static void on_poll(struct ev_loop *loop, struct ev_timer *w, int events)
{
    const struct wait *wait = w->data;

    (void)events;
    if (wait->over(engine_core(wait->host->engine), wait->key)) {
        ev_break(loop, EVBREAK_ALL);
    }
}

/* Run the host until what is waited for is over, at most this long. */
static void wait_for(struct wait *wait, int poll_ms, int most_ms)
{
    struct host *host = wait->host;
    struct ev_timer poll;
    struct ev_timer end;

    ev_timer_init(&poll, on_poll, poll_ms / 1000.0, poll_ms / 1000.0);
    ev_timer_init(&end, on_end, most_ms / 1000.0, 0.0);
    poll.data = wait;
    ev_timer_start(host->loop, &poll);
    ev_timer_start(host->loop, &end);
    engine_kick(host->engine);
    ev_run(host->loop, 0);
    ev_timer_stop(host->loop, &poll);
    ev_timer_stop(host->loop, &end);
}

/* -- Join -------------------------------------------------------------------------------------- */

static json_t *status_ask(struct host *host)
{
    json_t *request = json_pack("{s:s}", "do", "status");
    json_t *status = host_admin_request(engine_core(host->engine), request, clock_mono());

    json_decref(request);
    return status;
}

json_t *offline_join(const struct place *place, const char *url, const char *name,
                     struct fault *fault)
{
    /* The name is for this ziglan only, and others are joined already. */
    struct host_options options = {.place = place};
    struct host host;
    struct url joined;
    struct wait wait = {.host = &host, .over = host_core_settled, .key = joined.key};
    char error[URL_ERROR_SIZE] = "";
    json_t *status = NULL;

    if (host_open(&host, &options, fault) != ERR_OK) {
        goto out;
    }
    if (url_parse(&joined, url, strlen(url), error) != ERR_OK ||
        host_core_join(engine_core(host.engine), url, name, error, sizeof(error), clock_mono()) !=
            ERR_OK) {
        fault_set(fault, EXIT_CODE_USAGE, "%s", error);
        goto out;
    }
    wait_for(&wait, JOIN_POLL_MS, JOIN_WAIT_MS);
    status = status_ask(&host);
    if (status == NULL) {
        fault_set(fault, EXIT_CODE_FAILURE, "out of memory");
    }
out:
    host_close(&host);
    return status;
}

/* -- Leave and whoami -------------------------------------------------------------------------- */

/* A host that never joined anything stays as it is: nothing is made for a verb that needs members.
 */
static bool joined_nothing(const struct place *place)
{
    return access(place->store, F_OK) != 0 && errno == ENOENT;
}

int offline_leave(const struct place *place, const char *ziglan, bool *told, struct fault *fault)
{
    struct host_options options = {.place = place};
    struct host host;
    uint8_t key[KEY_SIZE];
    struct wait wait = {.host = &host, .over = host_core_said_farewell, .key = key};
    int rc;

    *told = false;
    if (joined_nothing(place)) {
        fault_set(fault, EXIT_CODE_FAILURE,
                  "this host has joined no ziglan yet, so there is none to leave");
        return ERR_DROP;
    }
    rc = host_open(&host, &options, fault);
    if (rc == ERR_OK) {
        rc = host_core_leave(engine_core(host.engine), ziglan, key, clock_mono());
        if (rc == ERR_LIMIT) {
            fault_set(fault, EXIT_CODE_FAILURE, HOST_LEAVE_SEVERAL);
        } else if (rc != ERR_OK) {
            fault_set(fault, EXIT_CODE_FAILURE, "no joined ziglan has the name or key %s", ziglan);
        }
    }
    if (rc == ERR_OK) {
        wait_for(&wait, LEAVE_POLL_MS, LEAVE_WAIT_MS);
        *told = host_core_said_farewell(engine_core(host.engine), key);
    }
    host_close(&host);
    return rc;
}

json_t *offline_request(const struct place *place, json_t *request, struct fault *fault)
{
    struct host_options options = {.place = place};
    struct host host;
    json_t *answer = NULL;

    if (request == NULL) {
        fault_set(fault, EXIT_CODE_USAGE, "the argument is not UTF-8 text");
        return NULL;
    }
    if (host_open(&host, &options, fault) == ERR_OK) {
        answer = host_admin_request(engine_core(host.engine), request, clock_mono());
        if (answer_check(answer, fault) != ERR_OK) {
            json_decref(answer);
            answer = NULL;
        }
    }
    host_close(&host);
    json_decref(request);
    return answer;
}

json_t *offline_trust(const struct place *place, const char *name, struct fault *fault)
{
    if (joined_nothing(place)) {
        fault_set(fault, EXIT_CODE_FAILURE,
                  "this host has joined no ziglan yet, so no name means anybody");
        return NULL;
    }
    return offline_request(place, json_pack("{s:s, s:s}", "do", "trust", "name", name), fault);
}

json_t *offline_whoami(const struct place *place, const char *name, struct fault *fault)
{
    struct client_config *config = NULL;
    struct identity identity;
    char wanted[NAME_TEXT_SIZE];
    json_t *answer = NULL;

    if (setup_config_load(&config, place, fault) == ERR_OK &&
        setup_identity_load(&identity, place, config, NULL, false, fault) == ERR_OK) {
        setup_wanted_name(wanted, name, config);
        answer = answer_ok(whoami_fields(identity.public_key, wanted));
        identity_wipe(&identity);
    }
    client_config_free(config);
    return answer;
}
