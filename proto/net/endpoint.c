/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Conversions of endpoints, and the table of special-purpose addresses. */
#include "proto/net/endpoint.h"

#include "proto/base/bytes.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

enum { MAPPED_SIZE = 12 };

static const uint8_t mapped_prefix[MAPPED_SIZE] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

struct endpoint endpoint_v4(const uint8_t ip[4], uint16_t port)
{
    struct endpoint e = {.port = port};

    memcpy(e.ip, mapped_prefix, MAPPED_SIZE);
    memcpy(e.ip + MAPPED_SIZE, ip, 4);
    return e;
}

struct endpoint endpoint_v6(const uint8_t ip[16], uint16_t port)
{
    struct endpoint e = {.port = port};

    memcpy(e.ip, ip, 16);
    return e;
}

struct endpoint endpoint_of_bytes(const uint8_t *ip, size_t size, uint16_t port)
{
    if (size == 4) {
        return endpoint_v4(ip, port);
    }
    if (size == 16) {
        return endpoint_v6(ip, port);
    }
    return (struct endpoint){.port = 0};
}

bool endpoint_is_v4(const struct endpoint *e)
{
    return memcmp(e->ip, mapped_prefix, MAPPED_SIZE) == 0;
}

bool endpoint_is_none(const struct endpoint *e)
{
    static const struct endpoint none;

    return endpoint_equal(e, &none);
}

bool endpoint_equal(const struct endpoint *a, const struct endpoint *b)
{
    return a->port == b->port && endpoint_same_ip(a, b);
}

bool endpoint_same_ip(const struct endpoint *a, const struct endpoint *b)
{
    return memcmp(a->ip, b->ip, sizeof(a->ip)) == 0;
}

const uint8_t *endpoint_ip_bytes(const struct endpoint *e, size_t *size)
{
    if (endpoint_is_v4(e)) {
        *size = 4;
        return e->ip + MAPPED_SIZE;
    }
    *size = 16;
    return e->ip;
}

const char *endpoint_ip_text(const struct endpoint *e, char text[ENDPOINT_TEXT_SIZE])
{
    size_t size;
    const uint8_t *ip = endpoint_ip_bytes(e, &size);
    const char *written = inet_ntop(size == 4 ? AF_INET : AF_INET6, ip, text, ENDPOINT_TEXT_SIZE);

    CHECK(written != NULL); /* the family is known and the text has room */
    return text;
}

const char *endpoint_text(const struct endpoint *e, char text[ENDPOINT_TEXT_SIZE])
{
    char ip[ENDPOINT_TEXT_SIZE];
    bool is_v4 = endpoint_is_v4(e);

    (void)endpoint_ip_text(e, ip);
    /* An IPv6 text has at most 45 characters; the limit lets the compiler see that all fits. */
    (void)snprintf(text, ENDPOINT_TEXT_SIZE, "%s%.*s%s:%u", is_v4 ? "" : "[", INET6_ADDRSTRLEN - 1,
                   ip, is_v4 ? "" : "]", (unsigned)e->port);
    return text;
}

/* A port in decimal: 1 to 5 digits, at most 65535, nothing else. */
static bool port_parse(uint16_t *out, const char *text)
{
    size_t digits = strspn(text, "0123456789");
    uint32_t value = 0;

    if (digits < 1 || digits > 5 || text[digits] != '\0') {
        return false;
    }
    for (size_t i = 0; i < digits; i++) {
        value = value * 10 + (uint32_t)(text[i] - '0');
    }
    if (value > UINT16_MAX) {
        return false;
    }
    *out = (uint16_t)value;
    return true;
}

/* An address of size characters, without brackets. */
static bool ip_parse(struct endpoint *out, const char *text, size_t size, uint16_t port)
{
    char copy[INET6_ADDRSTRLEN];
    uint8_t ip[16];

    if (size >= sizeof(copy)) {
        return false;
    }
    memcpy(copy, text, size);
    copy[size] = '\0';
    if (inet_pton(AF_INET, copy, ip) == 1) {
        *out = endpoint_v4(ip, port);
        return true;
    }
    if (inet_pton(AF_INET6, copy, ip) == 1) {
        *out = endpoint_v6(ip, port);
        return true;
    }
    return false;
}

bool endpoint_parse_ip(struct endpoint *out, const char *text, uint16_t port)
{
    return ip_parse(out, text, strlen(text), port);
}

bool endpoint_ambiguous(const char *text)
{
    const char *last_colon = strrchr(text, ':');
    struct endpoint e;
    uint16_t port = 0;

    return last_colon != NULL && text[0] != '[' && port_parse(&port, last_colon + 1) && port != 0 &&
           memchr(text, ':', (size_t)(last_colon - text)) != NULL &&
           ip_parse(&e, text, (size_t)(last_colon - text), 0);
}

bool endpoint_parse(struct endpoint *out, const char *text, uint16_t default_port)
{
    const char *first_colon = strchr(text, ':');
    const char *last_colon = strrchr(text, ':');
    uint16_t port = default_port;

    if (text[0] == '[') {
        const char *close = strchr(text, ']');

        if (close == NULL || memchr(text, ':', (size_t)(close - text)) == NULL ||
            (close[1] != '\0' && (close[1] != ':' || !port_parse(&port, close + 2)))) {
            return false; /* brackets are for IPv6 only, so a colon must be inside */
        }
        return ip_parse(out, text + 1, (size_t)(close - text) - 1, port);
    }
    if (first_colon != NULL && first_colon == last_colon) { /* IPv4 with port */
        return port_parse(&port, first_colon + 1) &&
               ip_parse(out, text, (size_t)(first_colon - text), port);
    }
    return !endpoint_ambiguous(text) && endpoint_parse_ip(out, text, port);
}

struct scope_rule {
    uint8_t ip[16];
    uint8_t bits;
    enum endpoint_scope scope;
};

#define V4(a, b, c, d)                                                                             \
    {                                                                                              \
        0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, a, b, c, d                                       \
    }

/* From the registries of special-purpose addresses (RFC 6890). The first match counts. The
 * documentation ranges are left out on purpose: tests use them as the internet. */
static const struct scope_rule scope_rules[] = {
    {V4(0, 0, 0, 0), 96 + 8, ENDPOINT_SCOPE_NEVER},       /* this network */
    {V4(127, 0, 0, 0), 96 + 8, ENDPOINT_SCOPE_NEVER},     /* loopback */
    {V4(224, 0, 0, 0), 96 + 3, ENDPOINT_SCOPE_NEVER},     /* multicast, reserved, broadcast */
    {V4(192, 0, 0, 0), 96 + 24, ENDPOINT_SCOPE_NEVER},    /* IETF protocol assignments */
    {V4(192, 88, 99, 0), 96 + 24, ENDPOINT_SCOPE_NEVER},  /* 6to4 relay anycast */
    {V4(198, 18, 0, 0), 96 + 15, ENDPOINT_SCOPE_NEVER},   /* benchmarking */
    {V4(10, 0, 0, 0), 96 + 8, ENDPOINT_SCOPE_LAN},        /* RFC 1918 */
    {V4(172, 16, 0, 0), 96 + 12, ENDPOINT_SCOPE_LAN},     /* RFC 1918 */
    {V4(192, 168, 0, 0), 96 + 16, ENDPOINT_SCOPE_LAN},    /* RFC 1918 */
    {V4(100, 64, 0, 0), 96 + 10, ENDPOINT_SCOPE_LAN},     /* RFC 6598 */
    {V4(169, 254, 0, 0), 96 + 16, ENDPOINT_SCOPE_LAN},    /* link-local */
    {V4(0, 0, 0, 0), 96, ENDPOINT_SCOPE_GLOBAL},          /* the rest of IPv4 */
    {{0}, 64, ENDPOINT_SCOPE_NEVER},                      /* ::, ::1, IPv4-compatible */
    {{0, 0x64, 0xff, 0x9b}, 32, ENDPOINT_SCOPE_NEVER},    /* NAT64: hides an IPv4 target */
    {{0x01, 0x00}, 64, ENDPOINT_SCOPE_NEVER},             /* discard-only */
    {{0x20, 0x01, 0x00, 0x00}, 32, ENDPOINT_SCOPE_NEVER}, /* Teredo: hides an IPv4 target */
    {{0x20, 0x02}, 16, ENDPOINT_SCOPE_NEVER},             /* 6to4: hides an IPv4 target */
    {{0xff}, 8, ENDPOINT_SCOPE_NEVER},                    /* multicast */
    {{0xfe, 0xc0}, 10, ENDPOINT_SCOPE_NEVER},             /* site-local, deprecated */
    {{0xfd, 0xd9, 0xf8}, 24, ENDPOINT_SCOPE_NEVER},       /* our overlay */
    {{0xfe, 0x80}, 10, ENDPOINT_SCOPE_LAN},               /* link-local */
    {{0xfc}, 7, ENDPOINT_SCOPE_LAN},                      /* unique local */
};

static bool prefix_match(const uint8_t ip[16], const struct scope_rule *rule)
{
    size_t bytes = rule->bits / 8;
    unsigned rest = rule->bits % 8;
    uint8_t mask = (uint8_t)(0xff00U >> rest);

    return memcmp(ip, rule->ip, bytes) == 0 &&
           (rest == 0 || (ip[bytes] & mask) == (rule->ip[bytes] & mask));
}

/* The first rule that matches; NULL for none. */
static const struct scope_rule *rule_of(const struct endpoint *e)
{
    for (size_t i = 0; i < sizeof(scope_rules) / sizeof(scope_rules[0]); i++) {
        if (prefix_match(e->ip, &scope_rules[i])) {
            return &scope_rules[i];
        }
    }
    return NULL;
}

enum endpoint_scope endpoint_scope(const struct endpoint *e)
{
    const struct scope_rule *rule = rule_of(e);

    return rule == NULL ? ENDPOINT_SCOPE_GLOBAL : rule->scope;
}

bool endpoint_same_special(const struct endpoint *a, const struct endpoint *b)
{
    static const struct scope_rule loopback = {V4(127, 0, 0, 0), 96 + 8, ENDPOINT_SCOPE_NEVER};

    return (rule_of(a) != NULL && rule_of(a) == rule_of(b) &&
            rule_of(a)->scope == ENDPOINT_SCOPE_LAN) ||
           (prefix_match(a->ip, &loopback) && prefix_match(b->ip, &loopback));
}
