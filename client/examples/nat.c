/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the NAT of this machine does, and for how long it remembers: by a relay, or by several of
 * them, which tell more than one.
 *
 *     nat RELAY...             the kind of the NAT; 3 s
 *     nat --lifetime RELAY...  and the lifetimes of its mappings; 5 minutes at most
 *
 *     cc -o nat nat.c $(pkg-config --cflags --libs stun2) -lev
 */
#include <stun2/stun2.h>
#include <stun2/stun2_ev.h>

#include <ev.h>
#include <stdio.h>
#include <string.h>

static struct stun2_ev *stun2;
static int relays, lifetime, failed, begun;
static struct ev_timer patience;

static void end(int error, const char *what)
{
    fprintf(stderr, "nat: %s%s%s\n", what, error == STUN2_OK ? "" : ": ",
            error == STUN2_OK ? "" : stun2_error_text(error));
    failed = 1;
    ev_break(EV_DEFAULT, EVBREAK_ALL);
}

static void print_family(const char *name, const struct stun2_nat *nat)
{
    static const char *const depends[] = {"unknown",
                                          "on nothing",
                                          "on the address",
                                          "on address and port",
                                          "on nothing, or the address",
                                          "on the address, or the port, too"};
    char local[STUN2_ADDRESS_TEXT_SIZE], mapped[STUN2_ADDRESS_TEXT_SIZE];

    if (nat->tried) {
        printf("%s: %s, %s becomes %s\n", name, stun2_nat_kind_text(nat->kind),
               stun2_address_text(&nat->local, local), stun2_address_text(&nat->mapped, mapped));
        printf("  mapping depends %s, filtering %s\n", depends[nat->mapping],
               depends[nat->filtering]);
    }
    for (size_t i = 0; i < nat->relays_count; i++) {
        printf("  relay %s: %u of %u answers, %u us\n",
               stun2_address_text(&nat->relays[i].address, mapped), nat->relays[i].answered,
               nat->relays[i].sent, nat->relays[i].rtt_us);
    }
}

static void on_report(void)
{
    struct stun2_report report;
    int error = STUN2_OK;

    stun2_report_read(stun2_ev_agent(stun2), &report, sizeof(report));
    printf("NAT: %s\n", stun2_nat_kind_text(report.kind));
    print_family("IPv4", &report.ip4);
    print_family("IPv6", &report.ip6);
    fflush(stdout);
    if (lifetime) {
        error = stun2_ev_lifetime(stun2);
    }
    if (error != STUN2_OK) {
        end(error, "no lifetimes");
    } else if (!lifetime) {
        ev_break(EV_DEFAULT, EVBREAK_ALL);
    }
}

static void print_span(const char *name, const struct stun2_lifetime_span *span)
{
    printf("%s: %s%.1f s\n", name, span->gone_ms == 0 ? "more than " : "", span->ms / 1000.);
}

static void on_lifetime(int measured)
{
    struct stun2_lifetime found;

    stun2_lifetime_read(stun2_ev_agent(stun2), &found, sizeof(found), stun2_ev_now());
    if (!measured) {
        end(STUN2_OK, "the relays could not measure lifetimes, or the network changed");
        return;
    }
    print_span("kept mappings", &found.kept);
    print_span("unanswered ones", &found.unanswered);
    printf("open ways are used each %.1f s\n", found.keepalive_ms / 1000.);
    ev_break(EV_DEFAULT, EVBREAK_ALL);
}

static void begin(struct ev_loop *loop, struct ev_timer *w, int events)
{
    int error;

    (void)events;
    ev_timer_stop(loop, w);
    error = begun++ == 0 ? stun2_ev_report(stun2, 0) : STUN2_OK;
    if (error != STUN2_OK) {
        end(error, "no report");
    }
}

static void on_event(void *context, const struct stun2_event *event)
{
    (void)context;
    if (event->type == STUN2_EVENT_RELAY_OPEN && --relays == 0) {
        begin(EV_DEFAULT, &patience, 0);
    } else if (event->type == STUN2_EVENT_REPORT) {
        on_report();
    } else if (event->type == STUN2_EVENT_LIFETIME) {
        on_lifetime(event->code);
    } else if (event->type == STUN2_EVENT_RELAY_CLOSED) {
        fprintf(stderr, "nat: %s\n", event->text);
    }
}

int main(int count, char **arguments)
{
    const struct stun2_ev_options options = {
        .size = sizeof(options), .loop = EV_DEFAULT, .no_report = 1, .on_event = on_event};
    char text[STUN2_TEXT_SIZE] = "usage: nat [--lifetime] RELAY...";
    uint64_t relay;

    lifetime = count > 1 && strcmp(arguments[1], "--lifetime") == 0;
    if (count < 2 + lifetime || stun2_ev_new(&stun2, &options, text) != STUN2_OK) {
        fprintf(stderr, "nat: %s\n", text);
        return 2;
    }
    for (int i = 1 + lifetime; i < count; i++) {
        if (stun2_relay_add(stun2_ev_agent(stun2), arguments[i], &relay, text, stun2_ev_now()) !=
            STUN2_OK) {
            fprintf(stderr, "nat: %s: %s\n", arguments[i], text);
            stun2_ev_free(stun2);
            return 2;
        }
        relays++;
    }
    ev_timer_init(&patience, begin, 5., 0.); /* some may be silent */
    ev_timer_start(EV_DEFAULT, &patience);
    ev_run(EV_DEFAULT, 0);
    stun2_ev_free(stun2);
    return failed;
}
