/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A listener is found by trying to bind its port, which asks nobody and reads no foreign file. */
#include "relayd/daemon/web_server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

const char *const web_server_folders[] = {
    "/usr/sbin", "/usr/bin", "/usr/local/sbin", "/usr/local/bin", "/usr/local/lsws/bin",
    "/snap/bin", NULL};

static const char *const programs[] = {"nginx",   "angie",     "apache2", "httpd", "caddy",
                                       "haproxy", "lighttpd",  "traefik", "h2o",   "litespeed",
                                       "envoy",   "openresty", NULL};

/* Whether this address of all interfaces is taken. SO_REUSEADDR: by a listener, not by connections
 * that linger. */
static bool taken(int family, uint16_t port)
{
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_port = htons(port)};
    struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons(port)};
    const struct sockaddr *address =
        family == AF_INET6 ? (const struct sockaddr *)&v6 : (const struct sockaddr *)&v4;
    socklen_t size = family == AF_INET6 ? sizeof(v6) : sizeof(v4);
    int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int on = 1;
    bool result;

    if (fd < 0) {
        return false;
    }
    (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    if (family == AF_INET6) {
        (void)setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on));
    }
    result = bind(fd, address, size) != 0 && errno == EADDRINUSE;
    (void)close(fd);
    return result;
}

bool web_server_find(char text[WEB_SERVER_TEXT_SIZE], uint16_t port, const char *const folders[])
{
    char path[128];

    text[0] = '\0';
    if (taken(AF_INET, port) || taken(AF_INET6, port)) {
        (void)snprintf(text, WEB_SERVER_TEXT_SIZE, "another program listens on TCP port %u",
                       (unsigned)port);
        return true;
    }
    for (size_t i = 0; folders[i] != NULL; i++) {
        for (size_t k = 0; programs[k] != NULL; k++) {
            int size = snprintf(path, sizeof(path), "%s/%s", folders[i], programs[k]);

            if (size > 0 && (size_t)size < sizeof(path) && access(path, X_OK) == 0) {
                (void)snprintf(text, WEB_SERVER_TEXT_SIZE, "%s is installed here (%s)", programs[k],
                               path);
                return true;
            }
        }
    }
    return false;
}
