/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The least that a tunnel with offloads costs, to compare with: what the TUN device hands over goes
 * into UDP datagrams and out of them again, in trains of equal pieces (UDP_SEGMENT, UDP_GRO), with
 * no sessions, without looking at any IP header, and if wanted without sealing. A super-packet of
 * which a piece is lost is lost. And the least that a relay costs: a forwarder of such trains that
 * checks nothing but the source. One thread. Runs until it is killed.
 *
 * usage: bench_null_tunnel tunnel DEVICE PORT PEER-IP4 PEER-PORT plain|aes
 *        bench_null_tunnel forward PORT IP4 PORT IP4 PORT
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <linux/virtio_net.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <poll.h>
#include <sodium.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    PIECE_SIZE = 1400, /* of one datagram */
    HEADER_SIZE = 16,  /* of a piece */
    TAG_SIZE = 16,
    TRAIN_PIECES = 46,
    PACKET_MAX = 65536 + 64,
    READS_MAX = 64, /* of one turn, from either side */
    BUFFER_SIZE = 4 << 20,
};

struct piece_header {
    uint32_t packet; /* number of the packet that it is a piece of */
    uint16_t index, count;
    uint64_t unused;
};

struct train {
    uint8_t bytes[TRAIN_PIECES * PIECE_SIZE];
    size_t size, pieces, piece_size; /* of the first one; only the last may be shorter */
    bool closed;
};

/* A packet that comes in pieces. */
struct assembly {
    uint32_t packet;
    uint16_t next;
    uint8_t bytes[PACKET_MAX];
    size_t size;
};

struct tunnel {
    int tun, udp;
    struct sockaddr_in peer;
    bool seals;
    crypto_aead_aes256gcm_state key;
    uint32_t packets; /* sent */
    struct train train;
    struct assembly assembly;
};

static void fail(const char *what)
{
    perror(what);
    exit(1);
}

/* ---- sockets ---- */

static struct sockaddr_in address_of(const char *ip, const char *port)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((uint16_t)strtoul(port, NULL, 10))};

    if (inet_pton(AF_INET, ip, &address.sin_addr) != 1) {
        fail(ip);
    }
    return address;
}

static int udp_open(const char *port)
{
    struct sockaddr_in own = address_of("0.0.0.0", port);
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0), on = 1, size = BUFFER_SIZE;

    if (fd < 0 || bind(fd, (struct sockaddr *)&own, sizeof(own)) != 0 ||
        setsockopt(fd, SOL_UDP, UDP_GRO, &on, sizeof(on)) != 0) {
        fail("UDP socket");
    }
    (void)setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size));
    (void)setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof(size));
    return fd;
}

static int tun_open(const char *name)
{
    struct ifreq request = {.ifr_flags = IFF_TUN | IFF_NO_PI | IFF_VNET_HDR};
    int fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK);

    (void)snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", name);
    if (fd < 0 || ioctl(fd, TUNSETIFF, &request) != 0 ||
        ioctl(fd, TUNSETOFFLOAD, TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6) != 0) {
        fail("TUN device");
    }
    return fd;
}

/* Send datagrams of segment_size bytes, of which the last may be shorter, in one call. */
static void train_send(int fd, const struct sockaddr_in *to, void *bytes, size_t size,
                       size_t segment_size)
{
    union {
        struct cmsghdr header;
        uint8_t bytes[CMSG_SPACE(sizeof(uint16_t))];
    } control = {0};
    struct iovec part = {.iov_base = bytes, .iov_len = size};
    struct sockaddr_in name = *to;
    struct msghdr message = {
        .msg_name = &name, .msg_namelen = sizeof(name), .msg_iov = &part, .msg_iovlen = 1};
    uint16_t segment = (uint16_t)segment_size;

    if (size > segment_size) {
        message.msg_control = control.bytes;
        message.msg_controllen = sizeof(control.bytes);
        control.header = (struct cmsghdr){.cmsg_len = CMSG_LEN(sizeof(segment)),
                                          .cmsg_level = SOL_UDP,
                                          .cmsg_type = UDP_SEGMENT};
        memcpy(CMSG_DATA(&control.header), &segment, sizeof(segment));
    }
    (void)sendmsg(fd, &message, 0); /* what finds no room is lost */
}

/* Receive a train; false if none waits. *segment_size is that of all its datagrams but the last. */
static bool train_receive(int fd, struct sockaddr_in *from, uint8_t *bytes, size_t *size,
                          size_t *segment_size)
{
    union {
        struct cmsghdr header;
        uint8_t bytes[CMSG_SPACE(sizeof(int))];
    } control;
    struct iovec part = {.iov_base = bytes, .iov_len = PACKET_MAX};
    struct msghdr message = {.msg_name = from,
                             .msg_namelen = sizeof(*from),
                             .msg_iov = &part,
                             .msg_iovlen = 1,
                             .msg_control = control.bytes,
                             .msg_controllen = sizeof(control.bytes)};
    ssize_t got = recvmsg(fd, &message, 0);
    const struct cmsghdr *c;

    if (got <= 0) {
        return false;
    }
    *size = *segment_size = (size_t)got;
    c = CMSG_FIRSTHDR(&message);
    if (c != NULL && c->cmsg_level == SOL_UDP && c->cmsg_type == UDP_GRO) {
        int segment;

        memcpy(&segment, CMSG_DATA(c), sizeof(segment));
        *segment_size = (size_t)segment;
    }
    return true;
}

/* ---- out ---- */

static void flush(struct tunnel *t)
{
    struct train *train = &t->train;

    if (train->pieces > 0) {
        train_send(t->udp, &t->peer, train->bytes, train->size, train->piece_size);
    }
    train->size = train->pieces = 0;
    train->closed = false;
}

static void nonce_of(uint8_t nonce[12], const struct piece_header *header)
{
    memset(nonce, 0, 12);
    memcpy(nonce, &header->packet, sizeof(header->packet));
    memcpy(nonce + 4, &header->index, sizeof(header->index));
}

static void piece_add(struct tunnel *t, const struct piece_header *header, const uint8_t *data,
                      size_t size)
{
    struct train *train = &t->train;
    size_t whole = HEADER_SIZE + size + (t->seals ? TAG_SIZE : 0);
    uint8_t nonce[12], *at;

    if (train->pieces == TRAIN_PIECES || train->closed ||
        (train->pieces > 0 && whole > train->piece_size)) {
        flush(t);
    }
    at = train->bytes + train->size;
    memcpy(at, header, HEADER_SIZE);
    if (t->seals) {
        nonce_of(nonce, header);
        (void)crypto_aead_aes256gcm_encrypt_afternm(at + HEADER_SIZE, NULL, data, size, at,
                                                    HEADER_SIZE, NULL, nonce, &t->key);
    } else {
        memcpy(at + HEADER_SIZE, data, size);
    }
    train->piece_size = train->pieces == 0 ? whole : train->piece_size;
    train->closed = whole < train->piece_size;
    train->size += whole;
    train->pieces++;
}

static void packet_send(struct tunnel *t, const uint8_t *data, size_t size)
{
    size_t room = PIECE_SIZE - HEADER_SIZE - (t->seals ? TAG_SIZE : 0);
    struct piece_header header = {.packet = t->packets++,
                                  .count = (uint16_t)((size + room - 1) / room)};

    for (size_t at = 0; at < size; at += room) {
        piece_add(t, &header, data + at, size - at < room ? size - at : room);
        header.index++;
    }
}

static void from_tun(struct tunnel *t)
{
    static uint8_t packet[PACKET_MAX];

    for (int i = 0; i < READS_MAX; i++) {
        ssize_t got = read(t->tun, packet, sizeof(packet));

        if (got <= 0) {
            break;
        }
        packet_send(t, packet, (size_t)got);
    }
    flush(t);
}

/* ---- in ---- */

static void piece_take(struct tunnel *t, const uint8_t *piece, size_t size)
{
    struct assembly *a = &t->assembly;
    size_t extra = HEADER_SIZE + (t->seals ? TAG_SIZE : 0);
    struct piece_header header;
    uint8_t nonce[12];

    if (size < extra) {
        return;
    }
    memcpy(&header, piece, HEADER_SIZE);
    if (header.index == 0) {
        a->packet = header.packet;
        a->next = 0;
        a->size = 0;
    }
    if (header.packet != a->packet || header.index != a->next ||
        a->size + size - extra > PACKET_MAX) {
        return;
    }
    if (t->seals) {
        nonce_of(nonce, &header);
        if (crypto_aead_aes256gcm_decrypt_afternm(a->bytes + a->size, NULL, NULL,
                                                  piece + HEADER_SIZE, size - HEADER_SIZE, piece,
                                                  HEADER_SIZE, nonce, &t->key) != 0) {
            return;
        }
    } else {
        memcpy(a->bytes + a->size, piece + HEADER_SIZE, size - extra);
    }
    a->size += size - extra;
    a->next++;
    if (a->next == header.count && write(t->tun, a->bytes, a->size) < 0 && errno != EINVAL &&
        errno != EIO && errno != EAGAIN) {
        fail("write to the TUN device");
    }
}

static void from_udp(struct tunnel *t)
{
    static uint8_t bytes[PACKET_MAX];
    struct sockaddr_in from;
    size_t size, segment;

    for (int i = 0; i < READS_MAX && train_receive(t->udp, &from, bytes, &size, &segment); i++) {
        for (size_t at = 0; at < size; at += segment) {
            piece_take(t, bytes + at, size - at < segment ? size - at : segment);
        }
    }
}

static void tunnel_run(char **argv)
{
    static struct tunnel t;
    static const uint8_t key[crypto_aead_aes256gcm_KEYBYTES] = {1};

    t.tun = tun_open(argv[2]);
    t.udp = udp_open(argv[3]);
    t.peer = address_of(argv[4], argv[5]);
    t.seals = strcmp(argv[6], "aes") == 0;
    if (t.seals && (sodium_init() < 0 || crypto_aead_aes256gcm_is_available() == 0 ||
                    crypto_aead_aes256gcm_beforenm(&t.key, key) != 0)) {
        fputs("this CPU has no instructions for AES\n", stderr);
        exit(1);
    }
    for (;;) {
        struct pollfd fds[2] = {{.fd = t.tun, .events = POLLIN}, {.fd = t.udp, .events = POLLIN}};

        if (poll(fds, 2, -1) > 0) {
            from_udp(&t);
            from_tun(&t);
        }
    }
}

static void forward_run(char **argv)
{
    static uint8_t bytes[PACKET_MAX];
    struct sockaddr_in ends[2] = {address_of(argv[3], argv[4]), address_of(argv[5], argv[6])};
    int fd = udp_open(argv[2]);

    for (;;) {
        struct pollfd poller = {.fd = fd, .events = POLLIN};
        struct sockaddr_in from;
        size_t size, segment;

        (void)poll(&poller, 1, -1);
        while (train_receive(fd, &from, bytes, &size, &segment)) {
            bool first = from.sin_addr.s_addr == ends[0].sin_addr.s_addr;

            if (first || from.sin_addr.s_addr == ends[1].sin_addr.s_addr) {
                train_send(fd, &ends[first ? 1 : 0], bytes, size, segment);
            }
        }
    }
}

int main(int argc, char **argv)
{
    if (argc == 7 && strcmp(argv[1], "tunnel") == 0) {
        tunnel_run(argv);
    } else if (argc == 7 && strcmp(argv[1], "forward") == 0) {
        forward_run(argv);
    }
    fputs("usage: bench_null_tunnel tunnel DEVICE PORT PEER-IP4 PEER-PORT plain|aes\n"
          "       bench_null_tunnel forward PORT IP4 PORT IP4 PORT\n",
          stderr);
    return 2;
}
