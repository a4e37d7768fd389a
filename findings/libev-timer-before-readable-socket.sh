#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# In one turn of a loop, libev calls a timer that is due before a descriptor that has been readable
# for longer, if both watchers have the same priority (the default).
#
# One would expect the reverse, or the order in which things happened. The loop looks at descriptors
# first and at timers second, but it calls what is pending from the last noted to the first. So a
# program that did not run for a while (a busy machine, a suspended one) calls its time-outs before
# it reads the answers that came in time. A higher priority of the descriptor's watcher turns it
# round.
#
# Seen with libev 4.33 of Debian 12.
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
command -v cc >/dev/null || cannot "no C compiler"
finding_package libev4 1:4.33-1
finding_package libev-dev 1:4.33-1

cat >"$WORK/order.c" <<'C'
#include <ev.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static int calls;

static void call(struct ev_loop *loop, const char *what)
{
    printf("%s%s", calls++ > 0 ? " " : "", what);
    if (calls == 2)
        ev_break(loop, EVBREAK_ALL);
}

static void on_readable(struct ev_loop *loop, ev_io *w, int events)
{
    (void)events;
    ev_io_stop(loop, w);
    call(loop, "readable");
}

static void on_timer(struct ev_loop *loop, ev_timer *w, int events)
{
    (void)w;
    (void)events;
    call(loop, "timer");
}

int main(int argc, char **argv)
{
    struct ev_loop *loop = ev_default_loop(0);
    ev_io io;
    ev_timer timer;
    int ends[2];

    if (pipe(ends) != 0)
        return 1;
    ev_io_init(&io, on_readable, ends[0], EV_READ);
    if (argc > 1)
        ev_set_priority(&io, atoi(argv[1]));
    ev_timer_init(&timer, on_timer, 0.05, 0.0);
    ev_io_start(loop, &io);
    ev_timer_start(loop, &timer);
    if (write(ends[1], "x", 1) != 1) /* readable now, */
        return 1;
    usleep(100000); /* and the timer is due only 50 ms later */
    ev_run(loop, 0);
    puts("");
    return 0;
}
C
libs=$(dirname "$(find "$WORK/root" -name 'libev.so.4*' | sed -n 1p)")
cc -I"$WORK/root/usr/include" "$WORK/order.c" -o "$WORK/order" "$libs"/libev.so.4.* ||
    cannot "it does not compile"
expect "with the same priority" "timer readable" "$(LD_LIBRARY_PATH=$libs "$WORK/order")"
expect "with a higher one for the descriptor" "readable timer" \
    "$(LD_LIBRARY_PATH=$libs "$WORK/order" 1)"
finding_end
