/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the kernel says of a socket's backlog, and its bound. */
#include "proto/host/udp_limit.h"

#include "proto/host/os_env.h"
#include "proto/host/udp_batch_internal.h"

#include <linux/sockios.h>
#include <sys/ioctl.h>

enum { LOOK_EVERY = 16 << 10 /* bytes; a ping or a few of them are not worth a look */ };

static size_t backlog_of(const struct udp_batch *udp)
{
    int waits = 0;

    return ioctl(udp->fd, SIOCOUTQ, &waits) == 0 && waits > 0 ? (size_t)waits : 0;
}

static void bound_set(const struct udp_batch *udp)
{
    int half = (int)(udp->limit.bytes / 2); /* the kernel doubles it, for its own overhead */

    if (setsockopt(udp->fd, SOL_SOCKET, SO_SNDBUFFORCE, &half, sizeof(half)) != 0) {
        (void)setsockopt(udp->fd, SOL_SOCKET, SO_SNDBUF, &half, sizeof(half));
    }
}

bool udp_limit_applies(const struct udp_batch *udp)
{
    return udp->prompt;
}

size_t udp_limit_before(struct udp_batch *udp)
{
    size_t portion;

    if (udp->limit.bytes == 0) { /* nothing was sent before */
        send_limit_init(&udp->limit);
        bound_set(udp);
    }
    if (udp->limit.backlog > 0 && send_limit_before(&udp->limit, backlog_of(udp), clock_mono())) {
        bound_set(udp);
    }
    portion = send_limit_portion(&udp->limit);
    return portion < DGRAM_TRAIN_SIZE_MAX ? portion : DGRAM_TRAIN_SIZE_MAX;
}

void udp_limit_after(struct udp_batch *udp, size_t sent, bool full)
{
    udp->sent_unseen += sent;
    if (!full && udp->limit.backlog == 0 && udp->sent_unseen < LOOK_EVERY) {
        return;
    }
    udp->sent_unseen = 0;
    size_t backlog = backlog_of(udp);

    if (full || backlog > 0 || udp->limit.backlog > 0) {
        send_limit_after(&udp->limit, backlog, full, clock_mono());
    }
}

size_t udp_limit_portion(const struct udp_batch *udp, struct mono now)
{
    return udp->limit.bytes > 0 && send_limit_is_slow(&udp->limit, now)
               ? send_limit_portion(&udp->limit)
               : 0;
}
