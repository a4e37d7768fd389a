/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A daemon does nothing else while it writes the copy, which takes some milliseconds for each
 * 10 MB.
 */
#include "rendezvous/store/backup/copy_request.h"

#include "proto/admin/answer.h"
#include "proto/host/control_call.h"
#include "rendezvous/store/backup/state_copy.h"

#include <string.h>

enum { TIMEOUT_MS = 60000 };

static const char verb[] = "copy";

bool copy_request_is(const json_t *request)
{
    const char *word = json_string_value(json_object_get(request, "do"));

    return word != NULL && strcmp(word, verb) == 0;
}

json_t *copy_request_answer(struct store *store, const char *path, const json_t *request)
{
    const char *name = json_string_value(json_object_get(request, "name"));
    struct fault fault = {.exit_code = EXIT_CODE_FAILURE};

    if (state_copy_serve(store, path, name, &fault) != ERR_OK) {
        return answer_refuse(fault.exit_code, "%s", fault.text);
    }
    return answer_ok(json_object());
}

int copy_request_send(void *socket_path, const char *name, struct fault *fault)
{
    json_t *request = json_pack("{s:s, s:s}", "do", verb, "name", name);
    json_t *answer = NULL;
    int rc;

    if (request == NULL) {
        fault_set(fault, EXIT_CODE_FAILURE, "out of memory");
        return ERR_NOMEM;
    }
    rc = control_call(socket_path, request, TIMEOUT_MS, &answer, fault);
    json_decref(answer);
    json_decref(request);
    return rc;
}
