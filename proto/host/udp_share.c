/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The kernel runs a small program (classic BPF) for each datagram, whose payload begins at 0. */
#include "proto/host/udp_share.h"

#include "proto/host/udp_batch_internal.h"

#include <linux/filter.h>

int udp_share(struct udp_batch *first, bool share)
{
    int on = share ? 1 : 0;

    return setsockopt(first->fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on)) == 0 ? ERR_OK
                                                                                 : ERR_SYSTEM;
}

int udp_deal(struct udp_batch *first, const struct udp_dealing *dealing)
{
    /* A datagram that is too short for a load ends the program with 0: the first socket. */
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 0),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, dealing->first_byte, 1, 0),
        BPF_STMT(BPF_RET | BPF_K, 0),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, dealing->number_at),
        BPF_STMT(BPF_ALU | BPF_MOD | BPF_K, dealing->joined),
        BPF_STMT(BPF_ALU | BPF_ADD | BPF_K, 1),
        BPF_STMT(BPF_RET | BPF_A, 0),
    };
    const struct sock_fprog program = {.len = sizeof(code) / sizeof(code[0]), .filter = code};

    return setsockopt(first->fd, SOL_SOCKET, SO_ATTACH_REUSEPORT_CBPF, &program, sizeof(program)) ==
                   0
               ? ERR_OK
               : ERR_SYSTEM;
}
