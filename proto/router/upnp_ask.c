/* SPDX-License-Identifier: GPL-3.0-or-later */
/* WANIPConnection:1 and :2 and WANPPPConnection:1. */
#include "proto/router/upnp_ask.h"

#include <miniupnpc/miniupnpc.h>
#include <miniupnpc/upnpcommands.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    SEARCH_MS = 1000, /* for each kind of device */
    SEARCH_TTL = 2,
    NUMBER_SIZE = 12,
    ADDRESS_SIZE = 64, /* miniupnpc writes up to 64 characters of the router's answer */
    /* Errors of WANIPConnection that mean something to us. */
    CODE_CONFLICT = 718,
    CODE_PERMANENT_ONLY = 725,
};

static const char description[] = "ziglan";

/* One router, as its description tells. */
struct igd {
    struct UPNPUrls urls;
    struct IGDdatas data;
};

/* True if a URL leads to this address, whatever port and path it names. */
static bool leads_to(const char *url, const struct endpoint *router)
{
    char text[ENDPOINT_TEXT_SIZE];
    size_t size = strlen(endpoint_ip_text(router, text));

    return url != NULL && strncmp(url, "http://", 7) == 0 && strncmp(url + 7, text, size) == 0 &&
           (url[7 + size] == ':' || url[7 + size] == '/');
}

/* Search for the router's description. */
static bool search(const struct portmap_job *job, char url[UPNP_URL_SIZE])
{
    char from[ENDPOINT_TEXT_SIZE];
    int error = 0;
    struct UPNPDev *list = upnpDiscover(SEARCH_MS, endpoint_ip_text(&job->internal, from), NULL,
                                        UPNP_LOCAL_PORT_ANY, 0, SEARCH_TTL, &error);
    const struct UPNPDev *device = list;

    url[0] = '\0';
    for (; device != NULL && url[0] == '\0'; device = device->pNext) {
        if (leads_to(device->descURL, &job->router) && strlen(device->descURL) < UPNP_URL_SIZE) {
            memcpy(url, device->descURL, strlen(device->descURL) + 1);
        }
    }
    freeUPNPDevlist(list);
    return url[0] != '\0';
}

/* Read the description. Only its commands' URL is followed, and only to the router. */
static bool describe(struct igd *igd, const struct portmap_job *job, const char *url)
{
    char from[ADDRESS_SIZE] = "";

    memset(igd, 0, sizeof(*igd));
    if (UPNP_GetIGDFromUrl(url, &igd->urls, &igd->data, from, sizeof(from)) != 1) {
        return false;
    }
    if (leads_to(igd->urls.controlURL, &job->router) && igd->data.first.servicetype[0] != '\0') {
        return true;
    }
    FreeUPNPUrls(&igd->urls);
    return false;
}

static bool find(struct igd *igd, const struct portmap_job *job, char url[UPNP_URL_SIZE])
{
    if (url[0] != '\0' && describe(igd, job, url)) {
        return true;
    }
    return search(job, url) && describe(igd, job, url);
}

static void outcome_set(struct portmap_result *result, int code)
{
    result->code = code > 0 ? code : 0;
    if (code == UPNPCOMMAND_SUCCESS) {
        result->outcome = PORTMAP_OUTCOME_DONE;
    } else {
        result->outcome = code > 0 ? PORTMAP_OUTCOME_REFUSED : PORTMAP_OUTCOME_SILENT;
    }
}

static void address_ask(const struct igd *igd, struct portmap_result *result)
{
    char text[ADDRESS_SIZE + 1] = "";

    if (UPNP_GetExternalIPAddress(igd->urls.controlURL, igd->data.first.servicetype, text) ==
        UPNPCOMMAND_SUCCESS) {
        text[ADDRESS_SIZE] = '\0';
        (void)endpoint_parse_ip(&result->external, text, 0);
    }
}

/* Ask for the wanted port, or by version 2 for any, once that one is taken. */
static int add(const struct igd *igd, const struct portmap_job *job, uint32_t lifetime_s,
               struct portmap_result *result)
{
    const char *type = igd->data.first.servicetype;
    char outside[NUMBER_SIZE], inside[NUMBER_SIZE], lease[NUMBER_SIZE], granted[8] = "";
    char client[ENDPOINT_TEXT_SIZE];
    unsigned long port = job->external_port;
    int code;

    (void)snprintf(outside, sizeof(outside), "%u", (unsigned)job->external_port);
    (void)snprintf(inside, sizeof(inside), "%u", (unsigned)job->internal.port);
    (void)snprintf(lease, sizeof(lease), "%u", (unsigned)lifetime_s);
    (void)endpoint_ip_text(&job->internal, client);
    code = UPNP_AddPortMapping(igd->urls.controlURL, type, outside, inside, client, description,
                               "UDP", NULL, lease);
    if (code == CODE_CONFLICT && strstr(type, "WANIPConnection:2") != NULL) {
        code = UPNP_AddAnyPortMapping(igd->urls.controlURL, type, outside, inside, client,
                                      description, "UDP", NULL, lease, granted);
        port = strtoul(granted, NULL, 10);
    }
    result->external.port = port <= UINT16_MAX ? (uint16_t)port : 0;
    result->lifetime_s = lifetime_s;
    return code;
}

static int end(const struct igd *igd, const struct portmap_job *job)
{
    char outside[NUMBER_SIZE];

    (void)snprintf(outside, sizeof(outside), "%u", (unsigned)job->external_port);
    return UPNP_DeletePortMapping(igd->urls.controlURL, igd->data.first.servicetype, outside, "UDP",
                                  NULL);
}

void upnp_ask(const struct portmap_job *job, char url[UPNP_URL_SIZE], struct portmap_result *result)
{
    struct igd igd;
    int code = UPNPCOMMAND_SUCCESS;

    *result = (struct portmap_result){.outcome = PORTMAP_OUTCOME_SILENT};
    if (!find(&igd, job, url)) {
        return;
    }
    if (job->verb == PORTMAP_VERB_END) {
        code = end(&igd, job);
    } else {
        address_ask(&igd, result);
    }
    if (job->verb == PORTMAP_VERB_MAP) {
        code = add(&igd, job, job->lifetime_s, result);
        if (code == CODE_PERMANENT_ONLY) { /* it is ended at a clean stop, and renewed as others */
            code = add(&igd, job, 0, result);
        }
    }
    outcome_set(result, code);
    FreeUPNPUrls(&igd.urls);
}
