/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A packet must pass all firewalls, so the worst verdict counts, and the first firewall that has it
 * is named.
 */
#include "proto/doctor/firewall_look.h"

#include "proto/doctor/firewall_rules.h"
#include "proto/doctor/legacy_rules.h"
#include "proto/doctor/program_output.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { FIREWALL_NFT, FIREWALL_LEGACY, FIREWALL_LEGACY_IPV6, FIREWALL_COUNT };

struct firewalls {
    json_t *rules[FIREWALL_COUNT]; /* NULL: it has none, or they cannot be looked at */
};

static void advise(struct findings *findings, const struct firewall_found *found, uint16_t port)
{
    if (strcmp(found->owner, "ufw") == 0) {
        findings_command(findings, "sudo ufw allow %u/udp", (unsigned)port);
    } else if (strcmp(found->owner, "firewalld") == 0) {
        findings_command(findings,
                         "sudo firewall-cmd --permanent --add-port=%u/udp && sudo firewall-cmd "
                         "--reload",
                         (unsigned)port);
    } else if (strcmp(found->owner, "iptables-legacy") == 0) {
        findings_command(findings, "sudo %s -I INPUT -p udp --dport %u -j ACCEPT",
                         strncmp(found->place, "ip6 ", 4) == 0 ? "ip6tables-legacy"
                                                               : "iptables-legacy",
                         (unsigned)port);
    } else {
        findings_command(findings, "sudo nft insert rule %s udp dport %u accept", found->place,
                         (unsigned)port);
    }
}

static void all_judge(struct firewall_found *out, const struct firewalls *firewalls,
                      const struct firewall_packet *packet)
{
    memset(out, 0, sizeof(*out));
    for (size_t i = 0; i < FIREWALL_COUNT; i++) {
        struct firewall_found found;

        firewall_judge(&found, firewalls->rules[i], packet);
        if (i != FIREWALL_NFT && strcmp(found.owner, "nftables") == 0) {
            (void)snprintf(found.owner, sizeof(found.owner), "iptables-legacy");
        }
        if (found.verdict > out->verdict) {
            *out = found;
        }
    }
}

static void port_judge(struct findings *findings, const struct firewalls *firewalls,
                       const char *interface, uint16_t port)
{
    struct firewall_packet packet = {.protocol = "udp", .port = port, .interface = interface};
    struct firewall_found found;

    all_judge(&found, firewalls, &packet);
    if (found.verdict != FIREWALL_DROPS) {
        struct firewall_found other;

        packet.ipv6 = true;
        all_judge(&other, firewalls, &packet);
        found = other.verdict > found.verdict ? other : found;
    }
    if (found.verdict == FIREWALL_PASSES) {
        findings_add(findings, "firewall", FINDING_OK, "lets UDP port %u in%s", (unsigned)port,
                     packet.ipv6 ? "" : " by IPv4");
        return;
    }
    findings_add(findings, "firewall", found.verdict == FIREWALL_DROPS ? FINDING_BAD : FINDING_NOTE,
                 "%s %s UDP port %u%s: the chain %s of %s", found.owner,
                 found.verdict == FIREWALL_DROPS ? "drops" : "may drop", (unsigned)port,
                 packet.ipv6 ? " of IPv6" : "", found.chain, found.place);
    advise(findings, &found, port);
}

/* ---- reading ---- */

static json_t *nft_read(void)
{
    static const char *const list[] = {"nft", "-j", "list", "ruleset", NULL};
    size_t size;
    char *text = program_output(list, &size);
    json_t *rules = text != NULL ? json_loadb(text, size, 0, NULL) : NULL;

    free(text);
    return rules;
}

/* Whether the kernel has a table of that name. To ask the program would make one. */
static bool legacy_is_used(const char *names)
{
    FILE *file = fopen(names, "re");
    char line[64];
    bool used = false;

    while (file != NULL && !used && fgets(line, sizeof(line), file) != NULL) {
        used = strcmp(line, "filter\n") == 0;
    }
    if (file != NULL) {
        (void)fclose(file);
    }
    return used;
}

static json_t *legacy_read(struct findings *findings, bool ipv6)
{
    const char *program = ipv6 ? "ip6tables-legacy-save" : "iptables-legacy-save";
    const char *const list[] = {program, "-t", "filter", NULL};
    json_t *rules = NULL;
    size_t size;
    char *text;

    if (!legacy_is_used(ipv6 ? "/proc/net/ip6_tables_names" : "/proc/net/ip_tables_names")) {
        return NULL;
    }
    text = program_output(list, &size);
    if (text == NULL) {
        findings_add(findings, "firewall", FINDING_NOTE,
                     "there are rules of iptables-legacy that cannot be looked at: %s does not run "
                     "here",
                     program);
        findings_command(findings, "sudo apt install iptables");
    } else {
        rules = legacy_rules(text, ipv6);
    }
    free(text);
    return rules;
}

void firewall_look(struct findings *findings, const char *interface, const uint16_t *ports,
                   size_t count)
{
    struct firewalls firewalls = {.rules = {[FIREWALL_NFT] = nft_read()}};

    if (geteuid() != 0 && firewalls.rules[FIREWALL_NFT] == NULL) {
        findings_add(findings, "firewall", FINDING_NOTE, "only root may look at its rules");
        return;
    }
    firewalls.rules[FIREWALL_LEGACY] = legacy_read(findings, false);
    firewalls.rules[FIREWALL_LEGACY_IPV6] = legacy_read(findings, true);
    if (firewalls.rules[FIREWALL_NFT] == NULL && firewalls.rules[FIREWALL_LEGACY] == NULL) {
        findings_add(findings, "firewall", FINDING_NOTE,
                     "its rules cannot be looked at: nft does not run here");
    } else {
        for (size_t i = 0; i < count; i++) {
            port_judge(findings, &firewalls, interface, ports[i]);
        }
    }
    for (size_t i = 0; i < FIREWALL_COUNT; i++) {
        json_decref(firewalls.rules[i]);
    }
}
