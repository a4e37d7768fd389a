/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The kernel runs a small program (classic BPF) for each datagram, whose payload begins at 0. */
#include "proto/host/udp_share.h"

#include "proto/base/bytes.h"
#include "proto/host/udp_batch_internal.h"

#include <linux/filter.h>
#include <string.h>

int udp_share(struct udp_batch *first, bool share)
{
    int on = share ? 1 : 0;

    return setsockopt(first->fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on)) == 0 ? ERR_OK
                                                                                 : ERR_SYSTEM;
}

enum { DEAL_CODE_MAX = 10, CODE_MAX = UDP_DEALS_MAX * DEAL_CODE_MAX + 1 };

/* The instructions for one kind of datagram; what does not fit goes on behind them. A datagram that
 * is too short for a load ends the program with 0: the first socket. */
static unsigned deal_write(struct sock_filter *code, const struct udp_deal *deal, uint32_t joined)
{
    const struct sock_filter first[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0),
        BPF_STMT(BPF_ALU | BPF_AND | BPF_K, deal->mask),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, deal->word, 0, deal->cookie != 0 ? 7 : 5),
    };
    const struct sock_filter second[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 4),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, deal->cookie, 0, 5),
    };
    const struct sock_filter rest[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, deal->number_at),
        BPF_STMT(BPF_ALU | BPF_AND | BPF_K,
                 deal->number_mask != 0 ? deal->number_mask : UINT32_MAX),
        BPF_STMT(BPF_ALU | BPF_MOD | BPF_K, joined),
        BPF_STMT(BPF_ALU | BPF_ADD | BPF_K, 1),
        BPF_STMT(BPF_RET | BPF_A, 0),
    };
    unsigned count = sizeof(first) / sizeof(first[0]);

    memcpy(code, first, sizeof(first));
    if (deal->cookie != 0) {
        memcpy(code + count, second, sizeof(second));
        count += sizeof(second) / sizeof(second[0]);
    }
    memcpy(code + count, rest, sizeof(rest));
    return count + sizeof(rest) / sizeof(rest[0]);
}

int udp_deal(struct udp_batch *first, const struct udp_dealing *dealing)
{
    struct sock_filter code[CODE_MAX];
    struct sock_fprog program = {.filter = code};

    CHECK(dealing->deals_count <= UDP_DEALS_MAX);
    for (size_t i = 0; i < dealing->deals_count; i++) {
        program.len +=
            (unsigned short)deal_write(&code[program.len], &dealing->deals[i], dealing->joined);
    }
    code[program.len++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, 0);
    return setsockopt(first->fd, SOL_SOCKET, SO_ATTACH_REUSEPORT_CBPF, &program, sizeof(program)) ==
                   0
               ? ERR_OK
               : ERR_SYSTEM;
}
