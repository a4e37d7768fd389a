/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * /dev/net/tun with virtio-net headers: the kernel hands over super-packets and partial
 * checksums, and takes them.
 */
#include "client/platform/tun.h"

#include "client/tunnel/flow.h"
#include "client/tunnel/parse.h"
#include "client/tunnel/transport.h"
#include "proto/base/bytes.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <linux/virtio_net.h>
#include <net/if.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

/* Of Linux 6.2; the headers may be older. */
#ifndef TUN_F_USO4
#define TUN_F_USO4 0x20
#endif
#ifndef TUN_F_USO6
#define TUN_F_USO6 0x40
#endif
#ifndef VIRTIO_NET_HDR_GSO_UDP_L4
#define VIRTIO_NET_HDR_GSO_UDP_L4 5
#endif

enum {
    VNET_SIZE = sizeof(struct virtio_net_hdr),
    BUFFER_SIZE = VNET_SIZE + PACKET_SIZE_MAX + 1,
};

struct queue {
    int fd; /* -1: none */
    bool gone;
    uint8_t *bytes; /* TUN_BATCH_MAX * BUFFER_SIZE */
    struct packet packets[TUN_BATCH_MAX];
};

struct tun {
    struct packet_offload offload;
    size_t queues_count;
    struct queue queues[TUN_QUEUES_MAX];
    _Atomic uint64_t receive_errors, send_errors;
};

/* -- Opening ----------------------------------------------------------------------------------- */

static void open_fault(struct fault *fault)
{
    switch (errno) {
    case ENOENT:
    case ENODEV:
    case ENXIO:
        fault_set(fault, EXIT_CODE_FAILURE,
                  "there is no TUN driver (/dev/net/tun); load it with: modprobe tun, or in a "
                  "container pass --device /dev/net/tun");
        return;
    case EACCES:
    case EPERM:
        fault_set(fault, EXIT_CODE_PERMISSION,
                  "no permission to use /dev/net/tun; run as root or with CAP_NET_ADMIN");
        return;
    default:
        fault_set_errno(fault, "cannot open /dev/net/tun");
        return;
    }
}

static void create_fault(struct fault *fault, const char *name)
{
    switch (errno) {
    case EPERM:
    case EACCES:
        fault_set(fault, EXIT_CODE_PERMISSION,
                  "no permission to make the interface %s; run as root or with CAP_NET_ADMIN",
                  name);
        return;
    case EBUSY:
    case EEXIST:
        fault_set(fault, EXIT_CODE_FAILURE,
                  "the interface %s exists already; choose another name with -i, or see who uses "
                  "it: ip -d link show %s",
                  name, name);
        return;
    case EINVAL:
        fault_set(fault, EXIT_CODE_USAGE, "%s is no usable interface name", name);
        return;
    default:
        fault_set_errno(fault, "cannot make the interface %s", name);
        return;
    }
}

/* A kernel that does not know one of the flags refuses them all. */
static void offload_set(struct tun *tun)
{
    const unsigned long tcp = TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6;
    const unsigned long udp = TUN_F_USO4 | TUN_F_USO6;

    int fd = tun->queues[0].fd;

    tun->offload.udp = ioctl(fd, TUNSETOFFLOAD, tcp | udp) == 0;
    tun->offload.tcp = tun->offload.udp || ioctl(fd, TUNSETOFFLOAD, tcp) == 0;
}

/* The first queue makes the device, the others are attached to it. */
static bool queue_open(struct queue *queue, const char *name, unsigned flags, struct fault *fault)
{
    struct ifreq request = {0};
    int header_size = VNET_SIZE;

    queue->fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
    if (queue->fd < 0) {
        open_fault(fault);
        return false;
    }
    request.ifr_flags = (short)(IFF_TUN | IFF_NO_PI | IFF_VNET_HDR | flags);
    memcpy(request.ifr_name, name, strlen(name));
    if (ioctl(queue->fd, TUNSETIFF, &request) != 0) {
        create_fault(fault, name);
        return false;
    }
    if (ioctl(queue->fd, TUNSETVNETHDRSZ, &header_size) != 0) {
        fault_set_errno(fault, "cannot set the header size of %s", name);
        return false;
    }
    queue->bytes = malloc((size_t)TUN_BATCH_MAX * BUFFER_SIZE);
    if (queue->bytes == NULL) {
        fault_set(fault, EXIT_CODE_FAILURE, "out of memory");
        return false;
    }
    return true;
}

static bool device_create(struct tun *tun, const char *name, size_t queues, struct fault *fault)
{
    const unsigned shared = queues > 1 ? IFF_MULTI_QUEUE : 0;

    if (strlen(name) == 0 || strlen(name) >= IFNAMSIZ) {
        fault_set(fault, EXIT_CODE_USAGE, "an interface name has 1 to %d characters, not: %s",
                  IFNAMSIZ - 1, name);
        return false;
    }
    /* TUN_EXCL: never take over a persistent device that somebody else made. */
    for (size_t i = 0; i < queues; i++) {
        if (!queue_open(&tun->queues[i], name, i == 0 ? shared | IFF_TUN_EXCL : shared, fault)) {
            return false;
        }
    }
    tun->queues_count = queues;
    offload_set(tun);
    return true;
}

int tun_open(struct tun **out, const char *name, size_t queues, struct fault *fault)
{
    struct tun *tun = calloc(1, sizeof(*tun));

    CHECK(queues > 0 && queues <= TUN_QUEUES_MAX);
    *out = NULL;
    if (tun == NULL) {
        fault_set(fault, EXIT_CODE_FAILURE, "out of memory");
        return ERR_NOMEM;
    }
    for (size_t i = 0; i < TUN_QUEUES_MAX; i++) {
        tun->queues[i].fd = -1;
    }
    if (!device_create(tun, name, queues, fault)) {
        tun_close(tun);
        return ERR_SYSTEM;
    }
    *out = tun;
    return ERR_OK;
}

static void queue_close(struct queue *queue)
{
    if (queue->fd >= 0) {
        (void)close(queue->fd);
        queue->fd = -1;
    }
    free(queue->bytes);
    queue->bytes = NULL;
}

void tun_queues_end(struct tun *tun)
{
    while (tun->queues_count > 1) {
        queue_close(&tun->queues[--tun->queues_count]);
    }
}

void tun_close(struct tun *tun)
{
    if (tun == NULL) {
        return;
    }
    for (size_t i = 0; i < TUN_QUEUES_MAX; i++) {
        queue_close(&tun->queues[i]);
    }
    free(tun);
}

size_t tun_queues(const struct tun *tun)
{
    return tun->queues_count;
}

int tun_fd(const struct tun *tun, size_t queue)
{
    return tun->queues[queue].fd;
}

struct packet_offload tun_offload(const struct tun *tun)
{
    return tun->offload;
}

bool tun_gone(const struct tun *tun, size_t queue)
{
    return tun->queues[queue].gone;
}

static void count_one(_Atomic uint64_t *counter)
{
    atomic_fetch_add_explicit(counter, 1, memory_order_relaxed);
}

struct tun_counters tun_counters(const struct tun *tun)
{
    return (struct tun_counters){
        .receive_errors = atomic_load_explicit(&tun->receive_errors, memory_order_relaxed),
        .send_errors = atomic_load_explicit(&tun->send_errors, memory_order_relaxed)};
}

/* -- Receiving --------------------------------------------------------------------------------- */

/* The size of the IP and transport headers of a super-packet, read from the headers themselves,
 * because the kernel's hdr_len is only a hint. 0 if they are not there. */
static size_t super_header_size(const struct packet *p)
{
    size_t ip_size = p->checksum_start;
    size_t transport_size = UDP_HEADER_SIZE;

    if (ip_size < IP4_HEADER_SIZE || ip_size + UDP_HEADER_SIZE > p->size) {
        return 0;
    }
    if (p->gso != PACKET_GSO_UDP) {
        if (ip_size + TCP_HEADER_SIZE > p->size) {
            return 0;
        }
        transport_size = (size_t)(p->data[ip_size + TCP_OFFSET_AT] >> 4) * 4;
    }
    return transport_size < UDP_HEADER_SIZE || ip_size + transport_size > p->size
               ? 0
               : ip_size + transport_size;
}

/* Turn what the device handed over into a packet. False if it makes no sense. */
static bool packet_decode(struct packet *p, const struct virtio_net_hdr *header)
{
    unsigned type = header->gso_type & ~(unsigned)VIRTIO_NET_HDR_GSO_ECN;

    if (p->size < IP4_HEADER_SIZE) {
        return false;
    }
    if ((header->flags & VIRTIO_NET_HDR_F_NEEDS_CSUM) != 0) {
        p->checksum_partial = true;
        p->checksum_start = header->csum_start;
        p->checksum_offset = header->csum_offset;
        if ((size_t)p->checksum_start + p->checksum_offset + 2 > p->size) {
            return false;
        }
    }
    switch (type) {
    case VIRTIO_NET_HDR_GSO_NONE:
        return true;
    case VIRTIO_NET_HDR_GSO_TCPV4:
        p->gso = PACKET_GSO_TCP4;
        break;
    case VIRTIO_NET_HDR_GSO_TCPV6:
        p->gso = PACKET_GSO_TCP6;
        break;
    case VIRTIO_NET_HDR_GSO_UDP_L4:
        p->gso = PACKET_GSO_UDP;
        break;
    default:
        return false; /* we offered no other */
    }
    p->gso_size = header->gso_size;
    p->header_size = (uint16_t)super_header_size(p);
    return p->checksum_partial && p->gso_size > 0 && p->header_size > 0;
}

size_t tun_receive(struct tun *tun, size_t queue, struct packet **items)
{
    struct queue *q = &tun->queues[queue];
    size_t count = 0;

    *items = q->packets;
    for (size_t i = 0; i < TUN_BATCH_MAX; i++) {
        uint8_t *buffer = q->bytes + count * BUFFER_SIZE;
        struct packet *p = &q->packets[count];
        struct virtio_net_hdr header;
        ssize_t got = read(q->fd, buffer, BUFFER_SIZE);

        if (got < 0) {
            if (errno != EAGAIN && errno != EINTR) {
                count_one(&tun->receive_errors);
            }
            q->gone = errno == EBADFD;
            break;
        }
        if (got <= VNET_SIZE) {
            count_one(&tun->receive_errors);
            continue;
        }
        memcpy(&header, buffer, sizeof(header));
        *p = (struct packet){.data = buffer + VNET_SIZE, .size = (size_t)got - VNET_SIZE};
        if (!packet_decode(p, &header)) {
            count_one(&tun->receive_errors);
            continue;
        }
        count++;
    }
    return count;
}

/* -- Sending ----------------------------------------------------------------------------------- */

static uint8_t gso_type(enum packet_gso gso)
{
    switch (gso) {
    case PACKET_GSO_TCP4:
        return VIRTIO_NET_HDR_GSO_TCPV4;
    case PACKET_GSO_TCP6:
        return VIRTIO_NET_HDR_GSO_TCPV6;
    case PACKET_GSO_UDP:
        return VIRTIO_NET_HDR_GSO_UDP_L4;
    case PACKET_GSO_NONE:
        break;
    }
    return VIRTIO_NET_HDR_GSO_NONE;
}

static struct virtio_net_hdr header_encode(const struct packet *p)
{
    struct virtio_net_hdr header = {.gso_type = gso_type(p->gso)};

    if (p->checksum_partial) {
        header.flags = VIRTIO_NET_HDR_F_NEEDS_CSUM;
        header.csum_start = p->checksum_start;
        header.csum_offset = p->checksum_offset;
    }
    if (p->gso != PACKET_GSO_NONE) {
        header.gso_size = p->gso_size;
        header.hdr_len = p->header_size;
    }
    return header;
}

static int fd_of(const struct tun *tun, const struct packet *p)
{
    size_t queue = tun->queues_count == 1 ? 0 : flow_number(p) % tun->queues_count;

    return tun->queues[queue].fd;
}

void tun_send(struct tun *tun, const struct packet_box *box)
{
    for (size_t i = 0; i < box->items_count; i++) {
        const struct packet *p = &box->items[i];
        int fd = fd_of(tun, p);
        struct virtio_net_hdr header = header_encode(p);
        uint8_t *at = p->data - sizeof(header); /* in the headroom of the box */
        ssize_t written;

        memcpy(at, &header, sizeof(header));
        do {
            written = write(fd, at, sizeof(header) + p->size);
        } while (written < 0 && errno == EINTR);
        if (written < 0) {
            count_one(&tun->send_errors);
        }
    }
}
