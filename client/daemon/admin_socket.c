/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A request may make the core want to send something, so the engine is kicked after each.
 */
#include "client/daemon/admin_socket.h"

#include "client/admin/host_admin.h"
#include "client/admin/lifetime_report.h"
#include "client/admin/netcheck_report.h"
#include "client/daemon/status.h"
#include "client/engine/lifetime_watch.h"
#include "client/engine/nat_watch.h"
#include "proto/admin/answer.h"
#include "proto/host/control_socket.h"
#include "proto/host/file.h"
#include "rendezvous/store/backup/copy_request.h"

#include <ev.h>
#include <grp.h>
#include <string.h>
#include <unistd.h>

#define OPERATOR_GROUP_DEFAULT "ziglan"

/* What members of the operators' group may ask: it changes nothing. */
static bool is_a_look(const char *verb)
{
    static const char *const looks[] = {
        "status",      "peers",    "relays",          "whoami",           "ping",
        "ping_result", "netcheck", "netcheck_result", "netcheck_lifetime"};

    for (size_t i = 0; verb != NULL && i < sizeof(looks) / sizeof(looks[0]); i++) {
        if (strcmp(verb, looks[i]) == 0) {
            return true;
        }
    }
    return false;
}

/* How far the measurement of the NAT is, and what came of it so far. */
static json_t *netcheck_result(const struct nat_watch *watch)
{
    struct netcheck_result result;
    unsigned progress;

    if (!nat_watch_read(watch, &result)) {
        return answer_refuse(EXIT_CODE_FAILURE, "nothing was measured yet");
    }
    (void)nat_watch_runs(watch, &progress);
    json_t *report = netcheck_report(&result, progress);

    (void)json_object_set_new(report, "lifetime", lifetime_known_json(watch->core));
    return answer_ok(report);
}

static json_t *netcheck_begin(struct nat_watch *watch, const json_t *request)
{
    struct fault fault = {0};
    bool hairpin = json_is_true(json_object_get(request, "hairpin"));

    if (nat_watch_begin(watch, hairpin, &fault) != ERR_OK) {
        return answer_refuse(fault.exit_code, "%s", fault.text);
    }
    return netcheck_result(watch);
}

/* Begin, if that is asked for, and say how far the measurement of lifetimes is. */
static json_t *netcheck_lifetime(struct lifetime_watch *watch, const json_t *request)
{
    struct lifetime_found found;
    struct fault fault = {0};
    uint32_t age_ms;

    if (json_object_get(request, "begin") != NULL &&
        lifetime_watch_begin(watch, &fault) != ERR_OK) {
        return answer_refuse(fault.exit_code, "%s", fault.text);
    }
    if (!lifetime_watch_read(watch, &found, &age_ms)) {
        return answer_refuse(EXIT_CODE_FAILURE, "nothing was measured yet");
    }
    return answer_ok(lifetime_report(&found, age_ms));
}

static json_t *on_request(void *context, enum control_right right, const json_t *request)
{
    const struct admin_socket *admin = context;
    const char *verb = json_string_value(json_object_get(request, "do"));
    struct engine *engine = admin->host->engine;
    json_t *answer;

    if (right != CONTROL_RIGHT_ALL && !is_a_look(verb)) {
        return answer_refuse(EXIT_CODE_PERMISSION, "operators may look, but only root and the "
                                                   "daemon's own user change something");
    }
    if (verb != NULL && strcmp(verb, "down") == 0) {
        ev_break(admin->host->loop, EVBREAK_ALL);
        return answer_ok(json_pack("{s:i}", "pid", (int)getpid()));
    }
    if (copy_request_is(request)) {
        return copy_request_answer(engine_store(engine), admin->host->place->store, request);
    }
    if (verb != NULL && strcmp(verb, "netcheck") == 0) {
        return netcheck_begin(engine_nat(engine), request);
    }
    if (verb != NULL && strcmp(verb, "netcheck_result") == 0) {
        return netcheck_result(engine_nat(engine));
    }
    if (verb != NULL && strcmp(verb, "netcheck_lifetime") == 0) {
        return netcheck_lifetime(engine_lifetime(engine), request);
    }
    answer = host_admin_request(engine_core(engine), request, clock_mono());
    if (verb != NULL && strcmp(verb, "status") == 0 && answer != NULL) {
        status_complete(answer, admin->host, admin->dns);
    }
    engine_kick(engine);
    return answer;
}

/* Find the operators' group. A named one must be there; the default one may be missing. */
static int group_find(const struct host *host, bool *found, gid_t *group, struct fault *fault)
{
    const char *name = host->config->operator_group;
    const struct group *row = getgrnam(name[0] != '\0' ? name : OPERATOR_GROUP_DEFAULT);

    *found = row != NULL;
    if (row != NULL) {
        *group = row->gr_gid;
    } else if (name[0] != '\0') {
        fault_set(fault, EXIT_CODE_USAGE,
                  "%s: `operator` names the group %s, which does not exist; make it with: sudo "
                  "groupadd --system %s",
                  host->place->config, name, name);
        return ERR_SYSTEM;
    }
    return ERR_OK;
}

/* That the group cannot be served is no reason not to start. */
static void share(struct admin_socket *admin, gid_t group)
{
    struct fault fault = {0};

    if (control_server_share(admin->server, group, &fault) != ERR_OK) {
        env_trace(os_env_port(admin->host->os), TRACE_LEVEL_WARN, "admin.group",
                  "%s; operators need root meanwhile, or the daemon needs CAP_CHOWN", fault.text);
    }
}

int admin_socket_open(struct admin_socket *admin, struct host *host, const struct magic_dns *dns,
                      struct fault *fault)
{
    struct control_handler handler = {.context = admin, .request = on_request};
    bool has_group = false;
    gid_t group = 0;
    int rc;

    *admin = (struct admin_socket){.host = host, .dns = dns};
    rc = group_find(host, &has_group, &group, fault);
    if (rc == ERR_OK) {
        rc = file_dir_create(host->place->run, 0755, fault);
    }
    if (rc == ERR_OK) {
        rc = control_server_open(&admin->server, host->loop, host->place->socket, &handler, fault);
    }
    if (rc == ERR_OK && has_group) {
        share(admin, group);
    }
    return rc;
}

void admin_socket_close(struct admin_socket *admin)
{
    control_server_close(admin->server);
    admin->server = NULL;
}
