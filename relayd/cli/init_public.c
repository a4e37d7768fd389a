/* SPDX-License-Identifier: GPL-3.0-or-later */
/* An address of a home may change with each night, so no URL names it. */
#include "relayd/cli/init_public.h"

#include "proto/base/fault.h"
#include "proto/crypto/key_form.h"
#include "relayd/cli/cli.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { HOST_SIZE = HOST_TEXT_SIZE + 8 /* "[HOST]:PORT" and NUL */ };

/* An IPv6 address may come without brackets if there can be no port in it. */
int init_public_add(struct init_public *place, const char *host)
{
    struct in6_addr ip;
    bool bare = inet_pton(AF_INET6, host, &ip) == 1;
    size_t used = strlen(place->hosts);
    int size;

    if (strcmp(host, "auto") == 0) {
        place->automatic = true;
        return EXIT_CODE_OK;
    }
    if (endpoint_ambiguous(host)) {
        return cli_usage("--public %s: put the IPv6 address in brackets, so that it is clear "
                         "whether a port stands behind it: [2001:db8::1] or [2001:db8::1]:4433",
                         host);
    }
    size = snprintf(place->hosts + used, sizeof(place->hosts) - used, "%s%s%s%s",
                    used > 0 ? "," : "", bare ? "[" : "", host, bare ? "]" : "");
    if (host[0] == '\0' || size < 0 || (size_t)size >= sizeof(place->hosts) - used) {
        return cli_usage("--public wants HOST or HOST:PORT, such as vps.example.org, at most %d of "
                         "them, or auto",
                         URL_HOSTS_MAX);
    }
    return EXIT_CODE_OK;
}

int init_public_peer(struct init_public *place, const char *text)
{
    struct relay_peers *peers = &place->peers;
    char error[URL_ERROR_SIZE];
    struct url url;

    if (url_parse(&url, text, strlen(text), error) != ERR_OK || url.kind != URL_KIND_RELAY) {
        return cli_usage("--peer %s: it must be relay://KEY@HOST or relay://KEY@HOST:PORT, as "
                         "`relayd status` of the other relay prints it",
                         text);
    }
    if (peers->count == RELAY_PEERS_MAX) {
        return cli_usage("--peer: at most %d relays can be named", RELAY_PEERS_MAX);
    }
    memcpy(peers->list[peers->count].key, url.key, KEY_SIZE);
    peers->list[peers->count].host = url.hosts[0];
    peers->count++;
    return EXIT_CODE_OK;
}

/* Guess the public address: the one from which the default route sends. connect() on a UDP socket
 * sends nothing. */
static bool address_guess(char host[HOST_SIZE])
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(9)};
    struct sockaddr_in local = {0};
    socklen_t size = sizeof(local);
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    bool found;

    to.sin_addr.s_addr = htonl(0xc0000201); /* 192.0.2.1, of the documentation range */
    found = fd >= 0 && connect(fd, (const struct sockaddr *)&to, sizeof(to)) == 0 &&
            getsockname(fd, (struct sockaddr *)&local, &size) == 0 && local.sin_addr.s_addr != 0 &&
            inet_ntop(AF_INET, &local.sin_addr, host, HOST_SIZE) != NULL;
    if (fd >= 0) {
        (void)close(fd);
    }
    return found;
}

/* --public auto: a public address, or a home. */
static int look(struct init_public *place, const struct env *env)
{
    char own[ENDPOINT_TEXT_SIZE], router[ENDPOINT_TEXT_SIZE];

    if (place->hosts[0] != '\0') {
        return cli_usage("--public auto: it stands for itself; name hosts instead of it, or none");
    }
    if (router_look(&place->look, env) != ERR_OK || endpoint_is_none(&place->look.internal)) {
        return cli_usage("--public auto: this machine has no way to the internet by IPv4; name the "
                         "address by which others reach it: --public HOST[:PORT]");
    }
    place->port = SETTINGS_PORT_DEFAULT;
    (void)endpoint_ip_text(&place->look.internal, own);
    if (endpoint_scope(&place->look.internal) == ENDPOINT_SCOPE_GLOBAL) {
        (void)snprintf(place->hosts, sizeof(place->hosts), "%s", own);
        return EXIT_CODE_OK;
    }
    if (place->peers.count == 0) {
        return cli_usage(
            "--public auto: this machine (%s) is behind the router %s, so its address may change. "
            "Name a relay that others reach, and that will know where this one is: --peer "
            "relay://KEY@HOST, as its `relayd status` prints it. Or, if a name follows the "
            "address: --public NAME",
            own,
            endpoint_is_none(&place->look.router) ? "of its network"
                                                  : endpoint_ip_text(&place->look.router, router));
    }
    return EXIT_CODE_OK;
}

/* Check the hosts by the URL parser. The relay listens on their port, so they must have one. */
static int hosts_check(struct init_public *place)
{
    static const uint8_t no_key[KEY_SIZE];
    char text[URL_SIZE_MAX];
    char key[KEY_TEXT_SIZE];
    char error[URL_ERROR_SIZE];
    struct url url;

    (void)snprintf(text, sizeof(text), "ziglan://%s@%s", key_text(no_key, key), place->hosts);
    if (url_parse(&url, text, strlen(text), error) != ERR_OK) {
        return cli_usage("--public %s: it must be HOST or HOST:PORT, such as vps.example.org:4433 "
                         "or [2001:db8::1]:4433, at most %d of them",
                         place->hosts, URL_HOSTS_MAX);
    }
    for (size_t i = 0; i < url.hosts_count; i++) {
        uint16_t port = url.hosts[i].port != 0 ? url.hosts[i].port : SETTINGS_PORT_DEFAULT;

        if (i > 0 && port != place->port) {
            return cli_usage("--public: all addresses must have the same port, for the relay "
                             "listens on that one; add others to the configuration");
        }
        place->port = port;
    }
    return EXIT_CODE_OK;
}

int init_public_check(struct init_public *place, const struct env *env)
{
    if (place->automatic) {
        return look(place, env);
    }
    if (place->hosts[0] == '\0') {
        place->guessed = true;
        if (!address_guess(place->hosts)) {
            return cli_usage("this machine has no default route to guess its public address from; "
                             "give it: --public HOST[:PORT]");
        }
    }
    return hosts_check(place);
}

static void guess_tell(const struct init_public *place, const char *config)
{
    char guessed[URL_HOSTS_TEXT_SIZE];
    struct endpoint address;
    bool lan;

    (void)snprintf(guessed, sizeof(guessed), "%s", place->hosts);
    lan = endpoint_parse(&address, guessed, place->port) &&
          endpoint_scope(&address) != ENDPOINT_SCOPE_GLOBAL;
    (void)printf("Its public address was guessed from the default route: %s%s\n"
                 "If that is wrong, correct `public:` in %s and make a new invite.\n\n",
                 place->hosts,
                 lan ? " (a private address: hosts elsewhere\ncannot reach it; for a relay at home "
                       "see --public auto)"
                     : "",
                 config);
}

/* What the router lets in, or what its owner must do. */
static void router_tell(const struct router_look *look)
{
    char own[ENDPOINT_TEXT_SIZE], router[ENDPOINT_TEXT_SIZE], outside[ENDPOINT_TEXT_SIZE];
    bool is_double = look->mapped && !endpoint_is_none(&look->external) &&
                     endpoint_scope(&look->external) == ENDPOINT_SCOPE_LAN;

    (void)endpoint_ip_text(&look->internal, own);
    (void)endpoint_ip_text(&look->router, router);
    (void)printf("This machine (%s) is behind the router %s.\n", own, router);
    if (is_double) {
        (void)printf("Its address outside, %s, is a private one: another router is before it.\n"
                     "Forward UDP port %d there to %s, or ask your provider for a public "
                     "address.\n",
                     endpoint_ip_text(&look->external, outside), SETTINGS_PORT_DEFAULT, outside);
    } else if (look->mapped) {
        (void)printf("It maps ports by %s, outside at %s: relayd lets it map UDP port %d.\n",
                     portmap_protocol_name(look->protocol),
                     endpoint_ip_text(&look->external, outside), SETTINGS_PORT_DEFAULT);
    } else {
        (void)printf("It maps no port (%s).\n"
                     "Unless it lets all packets in to a port that is in use (full cone), forward "
                     "UDP port %d\nto %s there, or switch on PCP, NAT-PMP or UPnP.\n",
                     look->refused[0] != '\0' ? look->refused
                                              : "neither PCP, NAT-PMP nor UPnP answers",
                     SETTINGS_PORT_DEFAULT, own);
    }
}

void init_public_tell(const struct init_public *place, const char *config)
{
    if (place->guessed) {
        guess_tell(place, config);
    }
    if (place->automatic && place->hosts[0] != '\0') {
        (void)printf("This machine has a public address: %s\n\n", place->hosts);
    } else if (place->automatic) {
        if (endpoint_is_none(&place->look.router)) {
            (void)printf("This machine has a private address, and no router of its own.\n");
        } else {
            router_tell(&place->look);
        }
        (void)printf("Its address may change, so the URL names the relay by its key, and a relay "
                     "that knows\nwhere it is. `relayd status` tells whether others reach it.\n\n");
    }
}

void init_public_print(const struct init_public *place, FILE *to)
{
    const char *at = place->hosts;
    char text[URL_SIZE_MAX + 1];

    (void)fputs(*at != '\0' ? "public:\n" : "public: []\n", to);
    while (*at != '\0') {
        size_t size = strcspn(at, ",");

        (void)fprintf(to, "  - \"%.*s\"\n", (int)size, at);
        at += size + (at[size] == ',' ? 1 : 0);
    }
    (void)fputs("\n# Other relays; one is enough to belong to them all.\n", to);
    (void)fputs(place->peers.count > 0 ? "peers:\n" : "#peers: []\n", to);
    for (size_t i = 0; i < place->peers.count; i++) {
        struct url url = url_of_relay(&place->peers.list[i]);

        if (url_print(&url, text, sizeof(text)) == ERR_OK) {
            (void)fprintf(to, "  - \"%s\"\n", text);
        }
    }
}
