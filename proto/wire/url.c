/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The parser cuts the text into spans from left to right, so that each error can name its place. */
#include "proto/wire/url.h"

#include "proto/base/base32.h"
#include "proto/base/bytes.h"
#include "proto/base/wbuf.h"
#include "proto/wire/name.h"

#include <arpa/inet.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

enum { KEY_TEXT_LENGTH = KEY_TEXT_SIZE - 1 };

/* A part of the text. */
struct span {
    const char *at;
    size_t size;
};

/* A URL while it is parsed. `text` is the whole text; `error` takes the sentence about an error. */
struct parse {
    struct url url;
    const char *text;
    char *error;
};

static int refuse(struct parse *p, const char *format, ...) PRINTF_LIKE(2, 3);

static int refuse(struct parse *p, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    (void)vsnprintf(p->error, URL_ERROR_SIZE, format, args);
    va_end(args);
    return ERR_DROP;
}

/* The position of a part in the whole text, counted from 1 as people do. */
static size_t place(const struct parse *p, struct span part)
{
    return (size_t)(part.at - p->text) + 1;
}

/* Schemes may be in capitals or not (RFC 3986, section 3.1). QR codes are smaller in capitals. */
static bool has_scheme(struct span part, const char *scheme)
{
    return part.size >= strlen(scheme) && strncasecmp(part.at, scheme, strlen(scheme)) == 0;
}

static bool starts_with(struct span part, const char *prefix)
{
    return part.size >= strlen(prefix) && memcmp(part.at, prefix, strlen(prefix)) == 0;
}

/* Cut `part` at the first `mark`. Returns what stands before the mark; what stands behind it
 * remains in part. Without a mark everything is returned, nothing remains, and *found is false. */
static struct span cut(struct span *part, char mark, bool *found)
{
    const char *at = part->size == 0 ? NULL : memchr(part->at, mark, part->size);
    struct span before = *part;

    *found = at != NULL;
    if (at == NULL) {
        part->at += part->size;
        part->size = 0;
        return before;
    }
    before.size = (size_t)(at - before.at);
    part->at = at + 1;
    part->size -= before.size + 1;
    return before;
}

static int check_characters(struct parse *p, struct span all)
{
    for (size_t i = 0; i < all.size; i++) {
        unsigned char c = (unsigned char)all.at[i];

        if (c <= 0x20 || c >= 0x7f) {
            return refuse(p,
                          "character %zu is a space, control character or not ASCII: "
                          "copy the URL again, in one piece",
                          i + 1);
        }
    }
    return ERR_OK;
}

static int parse_scheme(struct parse *p, struct span *rest)
{
    static const char ziglan[] = "ziglan://";
    static const char relay[] = "relay://";
    size_t size;

    if (has_scheme(*rest, ziglan)) {
        p->url.kind = URL_KIND_ZIGLAN;
        size = strlen(ziglan);
    } else if (has_scheme(*rest, relay)) {
        p->url.kind = URL_KIND_RELAY;
        size = strlen(relay);
    } else {
        return refuse(p, "the URL must begin with ziglan:// or relay://");
    }
    rest->at += size;
    rest->size -= size;
    return ERR_OK;
}

static int parse_key(struct parse *p, struct span key, uint8_t out[KEY_SIZE])
{
    if (base32_decode(out, KEY_SIZE, key.at, key.size) == ERR_OK) {
        return ERR_OK;
    }
    if (key.size != KEY_TEXT_LENGTH) {
        return refuse(p,
                      "the key at character %zu has %zu characters instead of %d: "
                      "copy the whole URL again",
                      place(p, key), key.size, KEY_TEXT_LENGTH);
    }
    return refuse(p,
                  "the key at character %zu is mistyped (allowed are a-z and 2-7): "
                  "copy the whole URL again",
                  place(p, key));
}

static int parse_port(struct parse *p, struct span text, uint16_t *port)
{
    uint32_t value = 0;

    for (size_t i = 0; i < text.size; i++) {
        if (text.at[i] < '0' || text.at[i] > '9' || value > UINT16_MAX) {
            value = 0;
            break;
        }
        value = value * 10 + (uint32_t)(text.at[i] - '0');
    }
    if (value < 1 || value > UINT16_MAX) {
        return refuse(p, "the port at character %zu must be a number from 1 to 65535",
                      place(p, text));
    }
    *port = (uint16_t)value;
    return ERR_OK;
}

/* A DNS name: labels of letters, digits and inner hyphens, separated by single dots. */
static bool is_dns_name(struct span name)
{
    bool more = true;

    while (more) {
        struct span label = cut(&name, '.', &more);

        if (!name_is_label(label.at, label.size)) {
            return false;
        }
    }
    return true;
}

/* True if the last label is a number. Some programs read such a name as an IPv4 address, others as
 * a DNS name. */
static bool ends_in_number(struct span name)
{
    size_t digits = 0;

    while (digits < name.size && name.at[name.size - 1 - digits] >= '0' &&
           name.at[name.size - 1 - digits] <= '9') {
        digits++;
    }
    return digits == name.size || name.at[name.size - 1 - digits] == '.';
}

/* True if one relay can have this address: it is not unspecified, multicast, broadcast or reserved
 * (0.0.0.0/8, 224.0.0.0 and above). An IPv6 address that maps an IPv4 one counts as that one. */
static bool is_address_of_one(const uint8_t *ip, bool v6)
{
    static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
    static const uint8_t none[16];

    if (v6 && memcmp(ip, mapped, sizeof(mapped)) != 0) {
        return memcmp(ip, none, sizeof(none)) != 0 && ip[0] != 0xff;
    }
    const uint8_t *v4 = v6 ? ip + sizeof(mapped) : ip;

    return v4[0] != 0 && v4[0] < 224;
}

static int parse_host_name(struct parse *p, struct span name, bool bracketed, struct url_host *host)
{
    uint8_t ip[16];

    if (name.size == 0) {
        return refuse(p, "the host at character %zu is empty: write a name or an address there",
                      place(p, name));
    }
    if (name.size >= HOST_TEXT_SIZE) {
        return refuse(p, "the host at character %zu is longer than %d characters", place(p, name),
                      HOST_TEXT_SIZE - 1);
    }
    for (size_t i = 0; i < name.size; i++) {
        char c = name.at[i];

        host->name[i] = c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
    }
    host->name[name.size] = '\0';
    host->numeric = inet_pton(bracketed ? AF_INET6 : AF_INET, host->name, ip) == 1;

    struct span lower = {host->name, name.size};

    if (host->numeric && !is_address_of_one(ip, bracketed)) {
        return refuse(p,
                      "the address at character %zu is not one of a single machine: "
                      "write the relay's own address there",
                      place(p, name));
    }
    if (host->numeric || (!bracketed && is_dns_name(lower) && !ends_in_number(lower))) {
        return ERR_OK;
    }
    return refuse(p,
                  "the host at character %zu is neither a DNS name nor an address "
                  "(IPv6 goes in brackets: [2001:db8::1])",
                  place(p, name));
}

static int parse_host(struct parse *p, struct span text, struct url_host *host)
{
    bool bracketed = text.size > 0 && text.at[0] == '[';
    bool has_port;
    struct span name;
    int rc;

    if (bracketed) {
        bool closed;

        text.at++;
        text.size--;
        name = cut(&text, ']', &closed);
        if (!closed || (text.size > 0 && text.at[0] != ':')) {
            return refuse(p,
                          "the brackets at character %zu must enclose an IPv6 address: "
                          "[2001:db8::1] or [2001:db8::1]:4433",
                          place(p, name) - 1);
        }
        has_port = text.size > 0;
        text.at += has_port ? 1 : 0;
        text.size -= has_port ? 1 : 0;
    } else {
        struct span rest = text;

        name = cut(&text, ':', &has_port);
        if (text.size > 0 && memchr(text.at, ':', text.size) != NULL) {
            return refuse(p,
                          "the address at character %zu needs brackets, like every IPv6 address: "
                          "[2001:db8::1] or [2001:db8::1]:4433",
                          place(p, rest));
        }
    }
    rc = parse_host_name(p, name, bracketed, host);
    if (rc != ERR_OK || !has_port) {
        return rc;
    }
    return parse_port(p, text, &host->port);
}

static int parse_hosts(struct parse *p, struct span hosts)
{
    size_t hosts_max = p->url.kind == URL_KIND_RELAY ? 1 : URL_HOSTS_MAX;
    bool more = true;

    while (more) {
        struct span text = cut(&hosts, ',', &more);

        if (p->url.hosts_count == hosts_max) {
            return refuse(p, "there are too many hosts at character %zu: at most %zu here",
                          place(p, text), hosts_max);
        }
        int rc = parse_host(p, text, &p->url.hosts[p->url.hosts_count]);

        if (rc != ERR_OK) {
            return rc;
        }
        p->url.hosts_count++;
    }
    return ERR_OK;
}

static int parse_invite(struct parse *p, struct span value)
{
    if (p->url.has_invite) {
        return refuse(p, "there is a second invite at character %zu: keep one", place(p, value));
    }
    if (base32_decode(p->url.invite, INVITE_SIZE, value.at, value.size) != ERR_OK) {
        return refuse(p,
                      "the invite at character %zu is not %d characters a-z and 2-7: "
                      "copy the whole URL again, or ask for a new one",
                      place(p, value), (int)BASE32_TEXT_SIZE(INVITE_SIZE));
    }
    p->url.has_invite = true;
    return ERR_OK;
}

/* KEY@HOST[:PORT] of a relay that can be asked. */
static int parse_relay(struct parse *p, struct span value)
{
    struct url_relay *relay = &p->url.relays[p->url.relays_count];
    struct span host = value;
    bool found;
    struct span key = cut(&host, '@', &found);
    int rc;

    if (p->url.relays_count == URL_RELAYS_MAX) {
        return refuse(p, "there are too many relays at character %zu: at most %d", place(p, value),
                      URL_RELAYS_MAX);
    }
    if (!found) {
        return refuse(p, "the relay at character %zu has no @ between key and host: relay=KEY@HOST",
                      place(p, value));
    }
    rc = parse_key(p, key, relay->key);
    if (rc == ERR_OK) {
        rc = parse_host(p, host, &relay->host);
    }
    p->url.relays_count += rc == ERR_OK ? 1 : 0;
    return rc;
}

static int parse_name(struct parse *p, struct span value)
{
    if (!name_is_label(value.at, value.size) || p->url.name[0] != '\0') {
        return refuse(p,
                      "the name at character %zu must be one of 1 to 63 lower-case letters, "
                      "digits and hyphens",
                      place(p, value));
    }
    memcpy(p->url.name, value.at, value.size);
    p->url.name[value.size] = '\0';
    return ERR_OK;
}

static int parse_parameters(struct parse *p, struct span query)
{
    int rc = ERR_OK;

    while (query.size > 0 && rc == ERR_OK) {
        bool more;
        bool has_value;
        struct span value = cut(&query, '&', &more);
        struct span name = cut(&value, '=', &has_value);

        if (p->url.kind != URL_KIND_ZIGLAN || !has_value) {
            continue;
        }
        if (name.size == 6 && starts_with(name, "invite")) {
            rc = parse_invite(p, value);
        } else if (name.size == 4 && starts_with(name, "name")) {
            rc = parse_name(p, value);
        } else if (name.size == 5 && starts_with(name, "relay")) {
            rc = parse_relay(p, value);
        }
    }
    return rc;
}

static int parse_all(struct parse *p, struct span rest)
{
    bool found;
    int rc = check_characters(p, rest);

    if (rc == ERR_OK) {
        rc = parse_scheme(p, &rest);
    }
    if (rc != ERR_OK) {
        return rc;
    }
    struct span query = rest;
    struct span hosts = cut(&query, '?', &found);

    if (hosts.size > 0 && hosts.at[hosts.size - 1] == '/') {
        hosts.size--; /* browsers and mail programs append it */
    }
    struct span all = hosts;
    struct span key = cut(&hosts, '@', &found);

    if (!found && p->url.kind == URL_KIND_RELAY) {
        return refuse(p,
                      "there is no @ between key and host after character %zu: "
                      "the form is relay://KEY@HOST",
                      place(p, all) - 1);
    }
    rc = parse_key(p, key, p->url.key);
    if (rc == ERR_OK && found) {
        rc = parse_hosts(p, hosts);
    }
    return rc == ERR_OK ? parse_parameters(p, query) : rc;
}

int url_parse(struct url *out, const char *text, size_t size, char error[URL_ERROR_SIZE])
{
    struct parse p = {.text = text, .error = error};
    int rc;

    error[0] = '\0';
    if (size > URL_SIZE_MAX) {
        return refuse(&p, "the URL has %zu characters, more than %d: it is something else", size,
                      URL_SIZE_MAX);
    }
    rc = parse_all(&p, (struct span){text, size});
    if (rc == ERR_OK) {
        *out = p.url;
    }
    return rc;
}

/* ---- hosts of their own ---- */

int url_set_hosts(struct url *url, const char *text, size_t size)
{
    char error[URL_ERROR_SIZE];
    struct parse p = {.url.kind = url->kind, .text = text, .error = error};
    int rc = parse_hosts(&p, (struct span){text, size});

    if (rc == ERR_OK) {
        memcpy(url->hosts, p.url.hosts, sizeof(url->hosts));
        url->hosts_count = p.url.hosts_count;
    }
    return rc;
}

static bool same_host(const struct url_host *a, const struct url_host *b)
{
    return a->port == b->port && strcmp(a->name, b->name) == 0;
}

static bool same_relay(const struct url_relay *a, const struct url_relay *b)
{
    return memcmp(a->key, b->key, KEY_SIZE) == 0 && same_host(&a->host, &b->host);
}

static void add_relay(struct url *url, const struct url_relay *more)
{
    bool known = url->relays_count == URL_RELAYS_MAX;

    for (size_t i = 0; !known && i < url->relays_count; i++) {
        known = same_relay(&url->relays[i], more);
    }
    if (!known) {
        url->relays[url->relays_count++] = *more;
    }
}

void url_add_places(struct url *url, const struct url *more)
{
    for (size_t i = 0; i < more->hosts_count; i++) {
        bool known = url->hosts_count == URL_HOSTS_MAX;

        for (size_t k = 0; !known && k < url->hosts_count; k++) {
            known = same_host(&url->hosts[k], &more->hosts[i]);
        }
        if (!known) {
            url->hosts[url->hosts_count++] = more->hosts[i];
        }
    }
    for (size_t i = 0; i < more->relays_count; i++) {
        add_relay(url, &more->relays[i]);
    }
}

bool url_same_places(const struct url *a, const struct url *b)
{
    bool same = a->hosts_count == b->hosts_count && a->relays_count == b->relays_count;

    for (size_t i = 0; same && i < a->hosts_count; i++) {
        same = same_host(&a->hosts[i], &b->hosts[i]);
    }
    for (size_t i = 0; same && i < a->relays_count; i++) {
        same = same_relay(&a->relays[i], &b->relays[i]);
    }
    return same;
}

struct url url_of_relay(const struct url_relay *relay)
{
    struct url url = {.kind = URL_KIND_RELAY, .hosts_count = 1};

    memcpy(url.key, relay->key, KEY_SIZE);
    url.hosts[0] = relay->host;
    return url;
}

/* ---- printing ---- */

static void put_text(struct wbuf *w, const char *text)
{
    wbuf_put(w, text, strlen(text));
}

static void put_host(struct wbuf *w, const struct url_host *host)
{
    bool brackets = host->numeric && strchr(host->name, ':') != NULL;
    char port[8];

    put_text(w, brackets ? "[" : "");
    put_text(w, host->name);
    put_text(w, brackets ? "]" : "");
    if (host->port != 0) {
        (void)snprintf(port, sizeof(port), ":%u", (unsigned)host->port);
        put_text(w, port);
    }
}

static void put_bytes(struct wbuf *w, const uint8_t *bytes, size_t size)
{
    char text[KEY_TEXT_SIZE];

    _Static_assert((size_t)INVITE_SIZE < KEY_SIZE, "a key is the longest");
    base32_encode(text, bytes, size);
    put_text(w, text);
}

/* Begin a parameter; the first one follows a question mark. */
static void put_parameter(struct wbuf *w, const char *name, bool *any)
{
    put_text(w, *any ? "&" : "?");
    put_text(w, name);
    *any = true;
}

int url_print(const struct url *url, char *text, size_t capacity)
{
    struct wbuf w = wbuf_over((uint8_t *)text, capacity);
    bool any = false;

    put_text(&w, url->kind == URL_KIND_ZIGLAN ? "ziglan://" : "relay://");
    put_bytes(&w, url->key, KEY_SIZE);
    for (size_t i = 0; i < url->hosts_count; i++) {
        put_text(&w, i == 0 ? "@" : ",");
        put_host(&w, &url->hosts[i]);
    }
    for (size_t i = 0; i < url->relays_count; i++) {
        put_parameter(&w, "relay=", &any);
        put_bytes(&w, url->relays[i].key, KEY_SIZE);
        put_text(&w, "@");
        put_host(&w, &url->relays[i].host);
    }
    if (url->has_invite) {
        put_parameter(&w, "invite=", &any);
        put_bytes(&w, url->invite, INVITE_SIZE);
    }
    if (url->name[0] != '\0') {
        put_parameter(&w, "name=", &any);
        put_text(&w, url->name);
    }
    wbuf_u8(&w, 0);
    return wbuf_ok(&w) ? ERR_OK : ERR_LIMIT;
}
