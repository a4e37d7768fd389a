/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Where systemd-resolved runs it is told by resolvectl; elsewhere there is only advice. That it was
 * told is not enough: its settings for a link are taken back by network managers, and programs ask
 * it only if /etc/resolv.conf or NSS lead to it.
 */
#include "client/platform/dnscfg.h"

#include "client/platform/linux/resolv_conf_linux.h"
#include "client/platform/linux/resolvectl_linux.h"

#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    ZONES_MAX = 64, /* told to the system; some odd pools have up to 256 */
    ZONE_SIZE = 96,
    SERVER_SIZE = 16,
    PRINTED_SIZE = 8192,
};

static const char resolv_path[] = "/etc/resolv.conf";
static const char nsswitch_path[] = "/etc/nsswitch.conf";
static const char dnsmasq_file[] = "/etc/dnsmasq.d/zignet.conf";

/* -- What may have changed --------------------------------------------------------------------- */

static uint64_t mixed(uint64_t mark, uint64_t value)
{
    return (mark ^ value) * UINT64_C(0x100000001b3);
}

/* A file is another one if it has another inode, time or size, or is no longer there. */
static uint64_t file_mixed(uint64_t mark, const char *path, bool follow)
{
    struct stat info;

    if ((follow ? stat(path, &info) : lstat(path, &info)) != 0) {
        return mixed(mark, 1);
    }
    mark = mixed(mark, (uint64_t)info.st_ino);
    mark = mixed(mark, (uint64_t)info.st_size);
    mark = mixed(mark, (uint64_t)info.st_mtim.tv_sec);
    return mixed(mark, (uint64_t)info.st_mtim.tv_nsec);
}

/* systemd-resolved keeps the settings of each link in a file of a folder that only it may look
 * into; it replaces the file when they change, which the folder's own time tells everybody. Its
 * socket is made at each start. */
uint64_t dnscfg_mark(const char *interface)
{
    uint64_t mark = mixed(UINT64_C(0xcbf29ce484222325), if_nametoindex(interface));

    mark = file_mixed(mark, "/run/systemd/resolve/netif", true);
    mark = mixed(mark, resolvectl_usable());
    mark = file_mixed(mark, "/run/systemd/resolve/io.systemd.Resolve", true);
    mark = file_mixed(mark, resolv_path, true);
    mark = file_mixed(mark, resolv_path, false);
    mark = file_mixed(mark, nsswitch_path, true);
    return file_mixed(mark, dnsmasq_file, true);
}

/* -- systemd-resolved -------------------------------------------------------------------------- */

/* "zignet" is looked up here, and with `search` also appended to single words; "~" makes a domain
 * that is for routing only. Queries for names elsewhere never come to this link. */
static const char *domain_of(const struct dnscfg_link *link)
{
    return link->search ? "zignet" : "~zignet";
}

/* Whether the word stands in the text, between blanks. strchr finds the NUL at its end, too. */
static bool has_word(const char *text, const char *word)
{
    size_t size = strlen(word);

    for (const char *at = strstr(text, word); at != NULL; at = strstr(at + 1, word)) {
        if (at > text && strchr(" \t\n", at[-1]) != NULL && strchr(" \t\n", at[size]) != NULL) {
            return true;
        }
    }
    return false;
}

enum link_settings {
    LINK_SETTINGS_UNKNOWN, /* it did not say: it hangs, or this machine is very busy */
    LINK_SETTINGS_OTHERS,
    LINK_SETTINGS_OURS,
};

static enum link_settings link_ask(const struct dnscfg_link *link, const char *server)
{
    const char *const ask_server[] = {"dns", link->interface, NULL};
    const char *const ask_domain[] = {"domain", link->interface, NULL};
    char servers[PRINTED_SIZE];
    char domains[PRINTED_SIZE];

    if (!resolvectl_run(ask_server, servers, sizeof(servers)) ||
        !resolvectl_run(ask_domain, domains, sizeof(domains))) {
        return LINK_SETTINGS_UNKNOWN;
    }
    return has_word(servers, server) && has_word(domains, domain_of(link)) ? LINK_SETTINGS_OURS
                                                                           : LINK_SETTINGS_OTHERS;
}

static bool domains_set(const struct dnscfg_link *link)
{
    char names[ZONES_MAX][ZONE_SIZE];
    const char *words[ZONES_MAX + 4] = {"domain", link->interface, domain_of(link)};
    size_t count = 3;

    for (size_t i = 0; i < link->zones_count && i < ZONES_MAX; i++) {
        (void)snprintf(names[i], ZONE_SIZE, "~%s", link->zones[i]);
        words[count] = names[i];
        count++;
    }
    return resolvectl_run(words, NULL, 0);
}

/* resolvectl VERB IF VALUE */
static bool value_set(const struct dnscfg_link *link, const char *verb, const char *value)
{
    const char *const words[] = {verb, link->interface, value, NULL};

    return resolvectl_run(words, NULL, 0);
}

/* The domains go first, so that our server is never asked for anything else. TLS and DNSSEC are
 * turned off for the link, which else takes them over from resolved.conf: our server speaks
 * neither, and its answers never leave this machine. */
static bool link_set(const struct dnscfg_link *link, const char *server)
{
    return domains_set(link) && value_set(link, "default-route", "no") &&
           value_set(link, "dnsovertls", "no") && value_set(link, "dnssec", "no") &&
           value_set(link, "dns", server);
}

/* -- Advice ------------------------------------------------------------------------------------ */

static bool dnsmasq_is_told(const char *server)
{
    char text[256] = "";
    FILE *file = fopen(dnsmasq_file, "re");
    size_t size = file != NULL ? fread(text, 1, sizeof(text) - 1, file) : 0;

    if (file != NULL) {
        (void)fclose(file);
    }
    text[size] = '\0';
    return strstr(text, server) != NULL;
}

/* Advise one command, for what this machine has. Our resolver stands first in resolv.conf, or it is
 * never asked: it refuses other names, and then libc asks the next server of the file, but a server
 * before it says of our names that there are none. */
static void advise(struct dnscfg_result *out, const struct resolv_conf *conf, const char *server)
{
    if (conf->asks_ours || dnsmasq_is_told(server)) {
        return;
    }
    if (conf->asks_resolved && resolvectl_installed()) {
        (void)snprintf(out->advice, sizeof(out->advice),
                       "this machine asks systemd-resolved for names, but that is not there; start "
                       "it with: sudo systemctl start systemd-resolved");
    } else if (access("/etc/dnsmasq.d", F_OK) == 0) {
        (void)snprintf(out->advice, sizeof(out->advice),
                       "names need one command here: echo server=/zignet/%s | sudo tee %s && sudo "
                       "systemctl restart dnsmasq",
                       server, dnsmasq_file);
    } else {
        (void)snprintf(
            out->advice, sizeof(out->advice),
            "names need one command here: sudo sed -i '1i nameserver %s' %s (remove that "
            "line when the interface is down for long)",
            server, resolv_path);
    }
}

/* systemd-resolved would ask us, but programs do not ask it. */
static void advise_bypassed(struct dnscfg_result *out, const struct resolv_conf *conf,
                            const char *server)
{
    if (strncmp(conf->first, "127.", 4) == 0 || dnsmasq_is_told(server)) {
        advise(out, conf, server); /* a server of this machine, which is meant to be asked */
        return;
    }
    (void)snprintf(out->advice, sizeof(out->advice),
                   "systemd-resolved knows the names, but %s leads to %s instead; names need one "
                   "command here: sudo ln -sf ../run/systemd/resolve/stub-resolv.conf %s",
                   resolv_path, conf->first, resolv_path);
}

/* -- Together ---------------------------------------------------------------------------------- */

void dnscfg_apply(struct dnscfg_result *out, const struct dnscfg_link *link)
{
    const uint8_t *r = link->resolver;
    char server[SERVER_SIZE];
    enum link_settings settings;
    struct resolv_conf conf;

    (void)snprintf(server, sizeof(server), "%u.%u.%u.%u", r[0], r[1], r[2], r[3]);
    conf = resolv_conf_read(resolv_path, nsswitch_path, server);
    *out = (struct dnscfg_result){.state = DNSCFG_STATE_MANUAL};
    if (!resolvectl_usable()) {
        advise(out, &conf, server);
        return;
    }
    settings = link_ask(link, server);
    out->changed = settings != LINK_SETTINGS_OURS;
    out->linked = !out->changed || link_set(link, server);
    if (!out->linked) {
        out->again = true;
        if (settings == LINK_SETTINGS_OTHERS) {
            dnscfg_revert(link->interface);
        }
        (void)snprintf(out->advice, sizeof(out->advice),
                       "systemd-resolved does not take our settings; that is tried again, or try: "
                       "resolvectl domain %s '%s' && resolvectl "
                       "default-route %s no && resolvectl dnsovertls %s no && resolvectl dnssec %s "
                       "no && resolvectl dns %s %s",
                       link->interface, domain_of(link), link->interface, link->interface,
                       link->interface, link->interface, server);
    } else if (conf.asks_resolved || conf.asks_ours) {
        out->state = DNSCFG_STATE_WIRED;
    } else {
        advise_bypassed(out, &conf, server);
    }
}

void dnscfg_revert(const char *interface)
{
    const char *const words[] = {"revert", interface, NULL};

    if (resolvectl_usable()) {
        (void)resolvectl_run(words, NULL, 0);
    }
}

const char *dnscfg_program(void)
{
    return resolvectl_program;
}

const char *dnscfg_state_text(enum dnscfg_state state)
{
    switch (state) {
    case DNSCFG_STATE_OFF:
        return "off";
    case DNSCFG_STATE_WIRED:
        return "systemd-resolved";
    case DNSCFG_STATE_MANUAL:
        return "manual";
    }
    return "off";
}
