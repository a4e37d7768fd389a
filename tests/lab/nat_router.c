/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A router with NAT for the lab, for kinds that the kernel cannot be: the simulator's NAT behind a
 * TUN interface. Lab scripts route to it what comes from the LAN, and what is for its addresses
 * outside (tests/lab/net.sh); what it writes goes on by the router's main table.
 *
 *   nat_router INTERFACE ADDRESS KIND SEED    runs until it is killed; says "ready"
 *
 * ADDRESS is the first one outside, KIND as in tests/support/nat_text.h. SIGHUP: it restarts, and
 * forgets every mapping.
 */
#include "tests/support/nat_packet.h"
#include "tests/support/nat_text.h"

#include "proto/host/os_env.h"
#include "proto/net/checksum.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { TTL_AT = 8, PROTOCOL_AT = 9, CHECKSUM_AT = 10, IP_SIZE = 20 };

static volatile sig_atomic_t restart;

static void on_hangup(int number)
{
    (void)number;
    restart = 1;
}

static int tun_open(const char *name)
{
    struct ifreq request = {.ifr_flags = IFF_TUN | IFF_NO_PI};
    int fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC);

    if (fd < 0 || strlen(name) >= sizeof(request.ifr_name)) {
        return -1;
    }
    memcpy(request.ifr_name, name, strlen(name) + 1);
    return ioctl(fd, TUNSETIFF, &request) == 0 ? fd : -1;
}

/* The kernel forwards each packet twice here, to the TUN interface and from it. It counts as one
 * router all the same. */
static void give_hop_back(uint8_t *packet)
{
    uint16_t checksum = (uint16_t)(packet[CHECKSUM_AT] << 8 | packet[CHECKSUM_AT + 1]);
    uint32_t before = (uint32_t)packet[TTL_AT] << 8 | packet[PROTOCOL_AT];

    checksum = checksum_update(checksum, before, before + 0x100);
    packet[TTL_AT]++;
    packet[CHECKSUM_AT] = (uint8_t)(checksum >> 8);
    packet[CHECKSUM_AT + 1] = (uint8_t)checksum;
}

static void run(int tun, struct nat_router *router)
{
    static uint8_t packet[NAT_PACKET_SIZE_MAX];
    uint8_t error[NAT_PACKET_ERROR_SIZE_MAX];
    size_t error_size;

    for (;;) {
        ssize_t size = read(tun, packet, sizeof(packet));

        if (restart) {
            restart = 0;
            nat_reboot(&router->udp);
            nat_reboot(&router->tcp);
        }
        if (size < IP_SIZE) {
            if (size < 0 && errno != EINTR) {
                return;
            }
            continue;
        }
        if (packet[0] >> 4 == 4 && packet[TTL_AT] < 255) {
            give_hop_back(packet);
        }
        enum nat_packet_fate fate =
            nat_router_take(router, packet, (size_t)size, error, &error_size, clock_mono());
        const uint8_t *out = fate == NAT_PACKET_PASSED ? packet : error;
        size_t out_size = fate == NAT_PACKET_PASSED ? (size_t)size : error_size;

        if (out_size > 0 && write(tun, out, out_size) < 0) {
            continue; /* lost, as on a wire */
        }
    }
}

int main(int argc, char **argv)
{
    static struct nat_router router;
    struct sigaction action = {.sa_handler = on_hangup}; /* without SA_RESTART: it ends read */
    struct endpoint outside;
    struct nat_kind kind;

    if (argc != 5 || !endpoint_parse_ip(&outside, argv[2], 0) || !nat_kind_parse(&kind, argv[3])) {
        (void)fprintf(stderr, "usage: nat_router INTERFACE ADDRESS KIND SEED (tests/support/"
                              "nat_text.h says what a KIND is)\n");
        return 2;
    }
    struct rng rng = rng_stream(strtoull(argv[4], NULL, 10), "nat");
    int tun = tun_open(argv[1]);
    if (tun < 0) {
        perror("nat_router: /dev/net/tun");
        return 1;
    }
    (void)sigaction(SIGHUP, &action, NULL);
    nat_router_init(&router, &kind, &outside, &rng);
    (void)puts("ready");
    (void)fflush(stdout);
    run(tun, &router);
    perror("nat_router: read");
    return 1;
}
