/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A request may make the core want to send something, so the engine is kicked after each.
 */
#include "client/daemon/admin_socket.h"

#include "client/admin/host_admin.h"
#include "client/daemon/status.h"
#include "proto/admin/answer.h"
#include "proto/host/control_socket.h"
#include "proto/host/file.h"

#include <ev.h>
#include <string.h>
#include <unistd.h>

static json_t *on_request(void *context, const json_t *request)
{
    const struct admin_socket *admin = context;
    const char *verb = json_string_value(json_object_get(request, "do"));
    struct engine *engine = admin->host->engine;
    json_t *answer;

    if (verb != NULL && strcmp(verb, "down") == 0) {
        ev_break(admin->host->loop, EVBREAK_ALL);
        return answer_ok(json_pack("{s:i}", "pid", (int)getpid()));
    }
    answer = host_admin_request(engine_core(engine), request, clock_mono());
    if (verb != NULL && strcmp(verb, "status") == 0 && answer != NULL) {
        status_complete(answer, admin->host, admin->dns);
    }
    engine_kick(engine);
    return answer;
}

int admin_socket_open(struct admin_socket *admin, struct host *host, const struct magic_dns *dns,
                      struct fault *fault)
{
    struct control_handler handler = {.context = admin, .request = on_request};
    int rc;

    *admin = (struct admin_socket){.host = host, .dns = dns};
    rc = file_dir_create(host->place->run, 0755, fault);
    if (rc == ERR_OK) {
        rc = control_server_open(&admin->server, host->loop, host->place->socket, &handler, fault);
    }
    return rc;
}

void admin_socket_close(struct admin_socket *admin)
{
    control_server_close(admin->server);
    admin->server = NULL;
}
