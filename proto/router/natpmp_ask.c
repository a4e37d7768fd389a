/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A request is sent after 0, 250, 750 and 1750 ms, and given up after 3750. */
#include "proto/router/natpmp_ask.h"

#include <natpmp.h>
#include <poll.h>
#include <string.h>

enum { TRIES_MAX = 4 };

/* Wait for the answer to the request that was sent. 0, or libnatpmp's error. */
static int answer_wait(natpmp_t *natpmp, natpmpresp_t *answer)
{
    int rc = NATPMP_TRYAGAIN;

    while (rc == NATPMP_TRYAGAIN && natpmp->try_number <= TRIES_MAX) {
        struct pollfd wait = {.fd = natpmp->s, .events = POLLIN};
        struct timeval left = {0, 0};

        if (getnatpmprequesttimeout(natpmp, &left) != 0) {
            return NATPMP_ERR_NOPENDINGREQ;
        }
        (void)poll(&wait, 1,
                   left.tv_sec < 0 ? 0 : (int)(left.tv_sec * 1000 + left.tv_usec / 1000 + 1));
        rc = readnatpmpresponseorretry(natpmp, answer);
    }
    return rc;
}

/* Those of libnatpmp that are the router's own, as RFC 6886 numbers them; else 0. */
static int code_of(int error)
{
    switch (error) {
    case NATPMP_ERR_NOTAUTHORIZED:
        return 2;
    case NATPMP_ERR_NETWORKFAILURE:
        return 3;
    case NATPMP_ERR_OUTOFRESOURCES:
        return 4;
    default:
        return 0;
    }
}

static void failed(struct portmap_result *result, int error)
{
    result->code = code_of(error);
    result->outcome = result->code != 0 ? PORTMAP_OUTCOME_REFUSED : PORTMAP_OUTCOME_SILENT;
}

static int address_ask(natpmp_t *natpmp, struct portmap_result *result)
{
    natpmpresp_t answer = {0};
    int rc = sendpublicaddressrequest(natpmp) == 2 ? 0 : NATPMP_ERR_SENDERR;

    if (rc == 0) {
        rc = answer_wait(natpmp, &answer);
    }
    if (rc == 0 && answer.type != NATPMP_RESPTYPE_PUBLICADDRESS) {
        rc = NATPMP_ERR_UNDEFINEDERROR;
    }
    if (rc == 0 && answer.pnu.publicaddress.addr.s_addr != 0) {
        uint8_t ip[4];

        memcpy(ip, &answer.pnu.publicaddress.addr, sizeof(ip));
        result->external = endpoint_v4(ip, 0);
    }
    return rc;
}

static int mapping_ask(natpmp_t *natpmp, const struct portmap_job *job,
                       struct portmap_result *result)
{
    bool end = job->verb == PORTMAP_VERB_END;
    natpmpresp_t answer = {0};
    int rc =
        sendnewportmappingrequest(natpmp, NATPMP_PROTOCOL_UDP, job->internal.port,
                                  end ? 0 : job->external_port, end ? 0 : job->lifetime_s) == 12
            ? 0
            : NATPMP_ERR_SENDERR;

    if (rc == 0) {
        rc = answer_wait(natpmp, &answer);
    }
    if (rc == 0 && (answer.type != NATPMP_RESPTYPE_UDPPORTMAPPING ||
                    answer.pnu.newportmapping.privateport != job->internal.port)) {
        rc = NATPMP_ERR_UNDEFINEDERROR;
    }
    if (rc == 0) {
        result->external.port = answer.pnu.newportmapping.mappedpublicport;
        result->lifetime_s = answer.pnu.newportmapping.lifetime;
        if (!end && result->lifetime_s == 0) {
            rc = NATPMP_ERR_UNDEFINEDERROR; /* that would be its end */
        }
    }
    return rc;
}

void natpmp_ask(const struct portmap_job *job, struct portmap_result *result)
{
    natpmp_t natpmp;
    in_addr_t router;
    int rc;

    *result = (struct portmap_result){.outcome = PORTMAP_OUTCOME_SILENT};
    memcpy(&router, job->router.ip + 12, sizeof(router));
    if (initnatpmp(&natpmp, 1, router) != 0) {
        return;
    }
    rc = job->verb == PORTMAP_VERB_END ? 0 : address_ask(&natpmp, result);
    if (rc == 0 && job->verb != PORTMAP_VERB_FIND) {
        rc = mapping_ask(&natpmp, job, result);
    }
    if (rc == 0) {
        result->outcome = PORTMAP_OUTCOME_DONE;
    } else {
        failed(result, rc);
    }
    (void)closenatpmp(&natpmp);
}
