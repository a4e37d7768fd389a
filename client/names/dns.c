/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * ldns reads the query and writes the answer. In between a name is a list of plain labels. What
 * stands in our zones and can be nobody's name does not exist; only other zones are refused,
 * because a resolver that is refused may ask us no more.
 */
#include "client/names/dns.h"

#include "proto/base/bytes.h"
#include "proto/net/addrplan.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <ldns/ldns.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    HEADER_SIZE = 12,
    FLAG_QR = 0x80, /* in byte 2 */
    OPCODE_MASK = 0x78,
    FLAG_RD = 0x01,
    LABELS_MAX = 36, /* an ip6.arpa name has 34; longer names are nobody's */
    NIBBLES = 32,
    OVERLAY_NIBBLES = 6, /* fdd9:f8, the /24 */
    HEX_LABEL_SIZE = 32, /* half a key */
    NAME_SIZE = 256,
};

static const char zone_apex[] = "zignet";
static const uint8_t overlay_prefix[3] = {0xfd, 0xd9, 0xf8};

/* A name as lower-case labels; the last one is the top-level domain. */
struct labels {
    size_t count;
    char text[LABELS_MAX][NAME_TEXT_SIZE];
};

/* What there is to say about a name. */
enum finding {
    FINDING_REFUSED, /* not ours */
    FINDING_UNKNOWN, /* in our zones, and no such name */
    FINDING_EMPTY,   /* exists, without addresses: an apex or something between */
    FINDING_HOST,    /* addresses */
    FINDING_POINTER, /* a name for an address */
};

struct found {
    enum finding finding;
    bool apex;
    char zone[NAME_SIZE]; /* the zone's own name, for SOA and NS */
    struct dns_addresses addresses;
    char pointer[NAME_SIZE];
};

/* -- Names ------------------------------------------------------------------------------------- */

static void label_read(char out[NAME_TEXT_SIZE], const uint8_t *label, size_t length)
{
    bool ours = length < NAME_TEXT_SIZE;

    for (size_t i = 0; ours && i < length; i++) {
        int c = tolower(label[i]);

        ours = isalnum(c) || c == '-' || c == '_';
        out[i] = (char)c;
    }
    if (!ours) {
        out[0] = '?';
        length = 1;
    }
    out[length] = '\0';
}

/* Labels of a wire-form name without compression, as ldns gives it. A label that none of our names
 * has (too long, or with bytes that no host name has) becomes "?", and so do all before the last
 * LABELS_MAX. False if the name is broken. */
static bool labels_read(struct labels *out, const ldns_rdf *name)
{
    const uint8_t *data = ldns_rdf_data(name);
    size_t size = ldns_rdf_size(name);
    size_t at = 0;

    out->count = 0;
    while (at < size && data[at] != 0) {
        size_t length = data[at];

        if (at + 1 + length > size) {
            return false;
        }
        if (out->count == LABELS_MAX) {
            memmove(out->text[0], out->text[1], sizeof(out->text[0]) * (LABELS_MAX - 1));
            (void)snprintf(out->text[0], sizeof(out->text[0]), "?");
            out->count--;
        }
        label_read(out->text[out->count], data + at + 1, length);
        out->count++;
        at += 1 + length;
    }
    return at < size;
}

static bool labels_end_with(const struct labels *l, const char *before_last, const char *last)
{
    return l->count >= 2 && strcmp(l->text[l->count - 1], last) == 0 &&
           strcmp(l->text[l->count - 2], before_last) == 0;
}

/* -- zignet ------------------------------------------------------------------------------------ */

static bool is_half_key(const char *label)
{
    return strlen(label) == HEX_LABEL_SIZE && strspn(label, "0123456789abcdef") == HEX_LABEL_SIZE;
}

static void find_reserved(const struct dns_config *config, bool admin, struct found *out)
{
    static const uint8_t localhost4[4] = {127, 0, 0, 1};
    struct dns_addresses *a = &out->addresses;

    out->finding = FINDING_HOST;
    a->has_ipv4 = true;
    memcpy(a->ipv4, admin ? config->resolver : localhost4, sizeof(a->ipv4));
    if (!admin) {
        a->has_ipv6 = true;
        a->ipv6[15] = 1;
    }
}

static void find_in_zignet(const struct dns_config *config, const struct labels *l,
                           struct found *out)
{
    char name[DNS_HOST_SIZE];
    bool single = l->count == 2;

    (void)snprintf(out->zone, sizeof(out->zone), "%s", zone_apex);
    out->finding = FINDING_UNKNOWN;
    if (l->count == 1) {
        out->finding = FINDING_EMPTY;
        out->apex = true;
        return;
    }
    if (l->count > 3) {
        return;
    }
    if (single && (strcmp(l->text[0], "admin") == 0 || strcmp(l->text[0], "localhost") == 0)) {
        find_reserved(config, l->text[0][0] == 'a', out);
        return;
    }
    (void)snprintf(name, sizeof(name), "%s%s%s", l->text[0], single ? "" : ".",
                   single ? "" : l->text[1]);
    if (config->lookup.by_name(config->lookup.context, name, &out->addresses)) {
        out->finding = FINDING_HOST;
    } else if (single &&
               (is_half_key(name) || config->lookup.is_ziglan(config->lookup.context, name))) {
        out->finding = FINDING_EMPTY; /* something may stand below it */
    }
}

/* -- Reverse zones ----------------------------------------------------------------------------- */

/* The number of octets that name one reverse zone of the pool: a prefix between two octets makes
 * several zones of the longer kind. */
static size_t pool_octets(const struct dns_config *config)
{
    return ((size_t)config->pool_prefix + 7) / 8;
}

/* One octet in decimal without leading zeros. */
static bool octet_read(const char *label, uint8_t *out)
{
    size_t size = strlen(label);
    unsigned value = 0;

    if (size == 0 || size > 3 || (size > 1 && label[0] == '0') ||
        strspn(label, "0123456789") != size) {
        return false;
    }
    for (size_t i = 0; i < size; i++) {
        value = value * 10 + (unsigned)(label[i] - '0');
    }
    *out = (uint8_t)value;
    return value <= 255;
}

static void find_pointer(const struct dns_config *config, const uint8_t *ip, size_t size,
                         struct found *out)
{
    char name[DNS_HOST_SIZE];

    out->finding = FINDING_UNKNOWN;
    if (size == 4 && memcmp(ip, config->resolver, 4) == 0) {
        (void)snprintf(out->pointer, sizeof(out->pointer), "admin.%s", zone_apex);
        out->finding = FINDING_POINTER;
    } else if (config->lookup.by_address(config->lookup.context, ip, size, name)) {
        (void)snprintf(out->pointer, sizeof(out->pointer), "%s.%s", name, zone_apex);
        out->finding = FINDING_POINTER;
    }
}

static void find_in_addr(const struct dns_config *config, const struct labels *l, struct found *out)
{
    struct addrplan_pool pool = {.base = be32_read(config->pool),
                                 .prefix_bits = config->pool_prefix};
    size_t given = l->count - 2;
    size_t octets = pool_octets(config);
    uint8_t ip[4] = {0};
    size_t read = 0, used = 0;

    while (read < given && read < 4 && octet_read(l->text[given - 1 - read], &ip[read])) {
        read++;
    }
    if (read < octets || !addrplan_pool_contains(&pool, ip)) {
        return;
    }
    for (size_t i = octets; i > 0; i--) {
        used += (size_t)snprintf(out->zone + used, sizeof(out->zone) - used, "%u.", ip[i - 1]);
    }
    (void)snprintf(out->zone + used, sizeof(out->zone) - used, "in-addr.arpa");
    out->apex = given == octets;
    out->finding = read == given ? FINDING_EMPTY : FINDING_UNKNOWN;
    if (read == 4 && given == 4) {
        find_pointer(config, ip, 4, out);
    }
}

static int nibble_read(const char *label)
{
    static const char digits[] = "0123456789abcdef";
    const char *at = label[0] != '\0' && label[1] == '\0' ? strchr(digits, label[0]) : NULL;

    return at != NULL ? (int)(at - digits) : -1;
}

static void find_ip6(const struct dns_config *config, const struct labels *l, struct found *out)
{
    size_t given = l->count - 2;
    uint8_t ip[16] = {0};
    size_t read = 0;

    while (read < given && read < NIBBLES) {
        int nibble = nibble_read(l->text[given - 1 - read]);

        if (nibble < 0) {
            break;
        }
        ip[read / 2] = (uint8_t)(ip[read / 2] | nibble << (read % 2 == 0 ? 4 : 0));
        read++;
    }
    if (read < OVERLAY_NIBBLES || memcmp(ip, overlay_prefix, sizeof(overlay_prefix)) != 0) {
        return;
    }
    (void)snprintf(out->zone, sizeof(out->zone), "8.f.9.d.d.f.ip6.arpa");
    out->apex = given == OVERLAY_NIBBLES;
    out->finding = read == given ? FINDING_EMPTY : FINDING_UNKNOWN;
    if (read == NIBBLES && given == NIBBLES) {
        find_pointer(config, ip, sizeof(ip), out);
    }
}

static void find(const struct dns_config *config, const ldns_rdf *name, struct found *out)
{
    struct labels l;

    *out = (struct found){.finding = FINDING_REFUSED};
    if (!labels_read(&l, name) || l.count == 0) {
        return;
    }
    if (strcmp(l.text[l.count - 1], zone_apex) == 0) {
        find_in_zignet(config, &l, out);
    } else if (labels_end_with(&l, "in-addr", "arpa")) {
        find_in_addr(config, &l, out);
    } else if (labels_end_with(&l, "ip6", "arpa")) {
        find_ip6(config, &l, out);
    }
}

size_t dns_reverse_zones(const struct dns_config *config, char (*zones)[DNS_ZONE_SIZE],
                         size_t capacity)
{
    size_t octets = pool_octets(config);
    size_t zone_bits = octets * 8;
    uint32_t step = zone_bits == 32 ? 1 : UINT32_C(1) << (32 - zone_bits);
    uint32_t wanted = UINT32_C(1) << (zone_bits - config->pool_prefix);
    uint32_t base = be32_read(config->pool);
    size_t count = 0;

    for (uint32_t i = 0; i < wanted && count + 1 < capacity; i++) {
        uint32_t ip = base + i * step;
        size_t used = 0;

        for (size_t octet = octets; octet > 0; octet--) {
            used += (size_t)snprintf(zones[count] + used, DNS_ZONE_SIZE - used, "%u.",
                                     (unsigned)(ip >> (32 - 8 * octet) & 0xff));
        }
        (void)snprintf(zones[count] + used, DNS_ZONE_SIZE - used, "in-addr.arpa");
        count++;
    }
    if (count < capacity) {
        (void)snprintf(zones[count], DNS_ZONE_SIZE, "8.f.9.d.d.f.ip6.arpa");
        count++;
    }
    return count;
}

/* -- Building the answer ----------------------------------------------------------------------- */

/* Add one record; both rdf arguments are given. False without memory. */
static bool record_push(ldns_pkt *answer, ldns_pkt_section section, ldns_rdf *owner,
                        ldns_rr_type type, ldns_rdf *data)
{
    ldns_rr *rr = ldns_rr_new();

    if (rr == NULL || owner == NULL || data == NULL) {
        ldns_rr_free(rr);
        ldns_rdf_deep_free(owner);
        ldns_rdf_deep_free(data);
        return false;
    }
    ldns_rr_set_owner(rr, owner);
    ldns_rr_set_type(rr, type);
    ldns_rr_set_class(rr, LDNS_RR_CLASS_IN);
    ldns_rr_set_ttl(rr, DNS_TTL_S);
    if (!ldns_rr_push_rdf(rr, data)) {
        ldns_rdf_deep_free(data);
        ldns_rr_free(rr);
        return false;
    }
    if (!ldns_pkt_push_rr(answer, section, rr)) {
        ldns_rr_free(rr);
        return false;
    }
    return true;
}

static bool address_push(ldns_pkt *answer, const ldns_rdf *owner, const struct dns_addresses *a,
                         ldns_rr_type type)
{
    bool any = type == LDNS_RR_TYPE_ANY;
    bool ok = true;

    if (a->has_ipv4 && (any || type == LDNS_RR_TYPE_A)) {
        ok = record_push(answer, LDNS_SECTION_ANSWER, ldns_rdf_clone(owner), LDNS_RR_TYPE_A,
                         ldns_rdf_new_frm_data(LDNS_RDF_TYPE_A, 4, a->ipv4));
    }
    if (a->has_ipv6 && (any || type == LDNS_RR_TYPE_AAAA)) {
        ok =
            ok && record_push(answer, LDNS_SECTION_ANSWER, ldns_rdf_clone(owner), LDNS_RR_TYPE_AAAA,
                              ldns_rdf_new_frm_data(LDNS_RDF_TYPE_AAAA, 16, a->ipv6));
    }
    return ok;
}

static bool soa_push(ldns_pkt *answer, ldns_pkt_section section, const char *zone)
{
    char text[NAME_SIZE + 96];
    ldns_rr *rr = NULL;

    (void)snprintf(text, sizeof(text), "%s. %d IN SOA admin.%s. hostmaster.%s. 1 3600 600 86400 %d",
                   zone, DNS_TTL_S, zone_apex, zone_apex, DNS_TTL_S);
    if (ldns_rr_new_frm_str(&rr, text, 0, NULL, NULL) != LDNS_STATUS_OK) {
        return false;
    }
    if (!ldns_pkt_push_rr(answer, section, rr)) {
        ldns_rr_free(rr);
        return false;
    }
    return true;
}

static bool name_push(ldns_pkt *answer, const ldns_rdf *owner, ldns_rr_type type, const char *name)
{
    return record_push(answer, LDNS_SECTION_ANSWER, ldns_rdf_clone(owner), type,
                       ldns_dname_new_frm_str(name));
}

/* Fill the sections from what was found. False without memory. */
static bool sections_fill(ldns_pkt *answer, const ldns_rr *question, const struct found *found)
{
    const ldns_rdf *owner = ldns_rr_owner(question);
    ldns_rr_type type = ldns_rr_get_type(question);
    bool any = type == LDNS_RR_TYPE_ANY;
    bool ok = true;

    if (found->finding == FINDING_REFUSED) {
        ldns_pkt_set_rcode(answer, LDNS_RCODE_REFUSED);
        return true;
    }
    ldns_pkt_set_aa(answer, true);
    if (found->finding == FINDING_UNKNOWN) {
        ldns_pkt_set_rcode(answer, LDNS_RCODE_NXDOMAIN);
    } else if (found->finding == FINDING_HOST) {
        ok = address_push(answer, owner, &found->addresses, type);
    } else if (found->finding == FINDING_POINTER && (any || type == LDNS_RR_TYPE_PTR)) {
        ok = name_push(answer, owner, LDNS_RR_TYPE_PTR, found->pointer);
    }
    if (found->apex && (any || type == LDNS_RR_TYPE_SOA)) {
        ok = ok && soa_push(answer, LDNS_SECTION_ANSWER, found->zone);
    }
    if (found->apex && (any || type == LDNS_RR_TYPE_NS)) {
        ok = ok && name_push(answer, owner, LDNS_RR_TYPE_NS, "admin.zignet");
    }
    if (ldns_pkt_ancount(answer) == 0) {
        ok = ok && soa_push(answer, LDNS_SECTION_AUTHORITY, found->zone);
    }
    return ok;
}

/* The 12 header bytes alone, for what could not be parsed. */
static size_t header_answer(uint8_t *out, const uint8_t *query, uint8_t rcode)
{
    memset(out, 0, HEADER_SIZE);
    out[0] = query[0];
    out[1] = query[1];
    out[2] = (uint8_t)(FLAG_QR | (query[2] & (OPCODE_MASK | FLAG_RD)));
    out[3] = rcode;
    return HEADER_SIZE;
}

/* The answer's skeleton: header, question, and EDNS if the asker spoke it. */
static ldns_pkt *answer_new(const ldns_pkt *query, const ldns_rr *question)
{
    ldns_pkt *answer = ldns_pkt_new();
    ldns_rr *copy = ldns_rr_clone(question);

    if (answer == NULL || copy == NULL || !ldns_pkt_push_rr(answer, LDNS_SECTION_QUESTION, copy)) {
        ldns_rr_free(copy);
        ldns_pkt_free(answer);
        return NULL;
    }
    ldns_pkt_set_id(answer, ldns_pkt_id(query));
    ldns_pkt_set_qr(answer, true);
    ldns_pkt_set_rd(answer, ldns_pkt_rd(query));
    if (ldns_pkt_edns(query)) {
        ldns_pkt_set_edns_udp_size(answer, DNS_UDP_SIZE_MAX);
    }
    return answer;
}

/* Write the answer; 0 if it does not fit. */
static size_t answer_write(const ldns_pkt *answer, uint8_t *out, size_t limit)
{
    uint8_t *wire = NULL;
    size_t size = 0;

    if (ldns_pkt2wire(&wire, answer, &size) != LDNS_STATUS_OK) {
        return 0;
    }
    if (size <= limit) {
        memcpy(out, wire, size);
    } else {
        size = 0;
    }
    free(wire);
    return size;
}

static size_t size_limit(const ldns_pkt *query, bool over_tcp)
{
    size_t offered = ldns_pkt_edns(query) ? ldns_pkt_edns_udp_size(query) : DNS_UDP_SIZE_DEFAULT;

    if (over_tcp) {
        return DNS_MESSAGE_SIZE_MAX;
    }
    offered = offered > DNS_UDP_SIZE_DEFAULT ? offered : DNS_UDP_SIZE_DEFAULT;
    return offered < DNS_UDP_SIZE_MAX ? offered : DNS_UDP_SIZE_MAX;
}

/* The answer to a parsed query with one question. 0 without memory. */
static size_t question_answer(const struct dns_config *config, const ldns_pkt *query, size_t limit,
                              uint8_t *out)
{
    const ldns_rr *question = ldns_rr_list_rr(ldns_pkt_question(query), 0);
    ldns_pkt *answer = answer_new(query, question);
    struct found found = {.finding = FINDING_REFUSED};
    size_t size = 0;

    if (answer == NULL) {
        return 0;
    }
    if (ldns_pkt_edns(query) && ldns_pkt_edns_version(query) != 0) {
        ldns_pkt_set_edns_extended_rcode(answer, 1); /* BADVERS is 16 */
    } else {
        if (ldns_rr_get_class(question) == LDNS_RR_CLASS_IN) {
            find(config, ldns_rr_owner(question), &found);
        }
        if (!sections_fill(answer, question, &found)) {
            goto out;
        }
    }
    size = answer_write(answer, out, limit);
    if (size == 0) {
        ldns_pkt_free(answer);
        answer = answer_new(query, question);
        if (answer != NULL) {
            ldns_pkt_set_tc(answer, true);
            size = answer_write(answer, out, limit);
        }
    }
out:
    ldns_pkt_free(answer);
    return size;
}

size_t dns_answer(const struct dns_config *config, const uint8_t *query, size_t size, bool over_tcp,
                  uint8_t out[DNS_MESSAGE_SIZE_MAX])
{
    ldns_pkt *parsed = NULL;
    size_t answered = 0;

    if (size < HEADER_SIZE || (query[2] & FLAG_QR) != 0) {
        return 0;
    }
    if ((query[2] & OPCODE_MASK) != 0) {
        return header_answer(out, query, LDNS_RCODE_NOTIMPL);
    }
    /* Exactly one question, and neither answers nor authority: so ldns has little to do. */
    if (query[4] != 0 || query[5] != 1 || query[6] != 0 || query[7] != 0 || query[8] != 0 ||
        query[9] != 0 || size > DNS_MESSAGE_SIZE_MAX ||
        ldns_wire2pkt(&parsed, query, size) != LDNS_STATUS_OK) {
        return header_answer(out, query, LDNS_RCODE_FORMERR);
    }
    if (ldns_rr_list_rr_count(ldns_pkt_question(parsed)) == 1) {
        answered = question_answer(config, parsed, size_limit(parsed, over_tcp), out);
    }
    ldns_pkt_free(parsed);
    return answered != 0 ? answered : header_answer(out, query, LDNS_RCODE_SERVFAIL);
}
