/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Meanwhile a guest comes, or is thrown out, or has an invite that seems to be over. */
#include "tests/sim/relay_clock.h"

#include "proto/base/bytes.h"
#include "relayd/service/operator.h"
#include "tests/sim/expect.h"

int64_t relay_clock_in_1970(struct sim *sim)
{
    return (int64_t)plan_draw(sim, 0, 100000) - (int64_t)env_wall_ms(&sim->relays[0].env.ports.env);
}

void relay_clock_set(struct sim *sim, int64_t wrong_by_ms)
{
    node_env_step_wall(&sim->relays[0].env, wrong_by_ms);
    journal_line(&sim->journal, "the clock of the relay is wrong by %lld s",
                 (long long)wrong_by_ms / 1000);
}

/* Whether all hosts know the guest as a member (wanted), or none does. */
static bool guest_is_known(struct sim *sim, bool wanted)
{
    for (size_t i = 0; i < SIM_HOSTS; i++) {
        if (sim_host_knows(&sim->hosts[i], sim->hosts[SIM_HOSTS].name) != wanted) {
            return false;
        }
    }
    return true;
}

/* Exactly those are members that should be; they are at the relay, and know each other. */
static bool all_is_right(struct sim *sim)
{
    const struct sim_host *guest = &sim->hosts[SIM_HOSTS];
    struct relay_snapshot snapshot;

    relay_core_snapshot(sim->relays[0].node.core, &snapshot, sim->now);
    return expect_acquainted(sim) && guest_is_known(sim, sim->guest_belongs) &&
           snapshot.members == SIM_HOSTS + (sim->guest_belongs ? 1U : 0U) &&
           (!sim->guest_belongs ||
            (host_node_settled(&guest->node) && sim_host_knows_peer(&sim->hosts[SIM_HOSTS])));
}

/* What the relay's clock may say: ahead or behind by days or months, or the beginning of 1970. */
static int64_t draw_wrong_clock(struct sim *sim)
{
    static const int64_t day_ms = INT64_C(24) * 3600 * 1000;
    int64_t days = (int64_t)plan_draw(sim, 1, plan_chance(sim, 50) ? 40 : 400);

    if (plan_chance(sim, 30)) {
        return relay_clock_in_1970(sim);
    }
    return plan_chance(sim, 50) ? days * day_ms : -days * day_ms;
}

static void relay_restarts(struct sim *sim)
{
    journal_line(&sim->journal, "the relay restarts");
    sim_relay_stop(&sim->relays[0]);
    sim_relay_start(&sim->relays[0], sim->now);
}

enum guest_story { GUEST_IS_REVOKED, GUEST_JOINS, GUEST_IS_LATE };

/* While the relay's clock is wrong, the guest is thrown out, or joins, or its invite seems over. */
static bool guest_acts(struct sim *sim, enum guest_story story, const char *url)
{
    struct sim_host *guest = &sim->hosts[SIM_HOSTS];
    struct who_fits who;
    const char *wrong;

    if (story == GUEST_IS_REVOKED) {
        journal_line(&sim->journal, "the guest is revoked");
        sim->guest_belongs = false;
        return operator_revoke(relay_core_operator(sim->relays[0].node.core), guest->name, &who,
                               sim->now) == VERDICT_OK ||
               sim_fail(sim, "the relay does not revoke the guest");
    }
    journal_line(&sim->journal, "the guest joins");
    sim->guest_belongs = true;
    wrong = sim_host_join(guest, url, sim->now);
    return wrong == NULL || sim_fail(sim, "the guest cannot join: %s", wrong);
}

/* The guest goes: thrown out, if it is not yet, and switched off. */
static bool guest_leaves(struct sim *sim, const struct plan *plan)
{
    if (sim->guest_belongs && !guest_acts(sim, GUEST_IS_REVOKED, NULL)) {
        return false;
    }
    if (!sim_run_until(sim,
                       EXPECT_CUT_OFF_MS + LINK_KEEPALIVE_MS + 4 * plan->rtt_ms + plan->lossy_ms,
                       all_is_right, "nobody knows the guest")) {
        return false;
    }
    sim_host_suspend(&sim->hosts[SIM_HOSTS]);
    return true;
}

static bool relay_clock_is_wrong(struct sim *sim, const struct plan *plan, enum guest_story story,
                                 const char *url)
{
    struct mono wrong_at = sim->now;
    bool restarts = plan_chance(sim, 40);
    uint64_t before = sim->traffic.count;

    relay_clock_set(sim, draw_wrong_clock(sim));
    if (restarts) {
        relay_restarts(sim);
    }
    if (!sim_run(sim, plan_draw(sim, 0, 20000)) ||
        (story != GUEST_IS_LATE && !guest_acts(sim, story, url)) ||
        !sim_run(sim, plan_draw(sim, 1000, plan_chance(sim, 30) ? EXPECT_REKEY_MS : 20000))) {
        return false;
    }
    if (restarts && !sim->direct_possible) {
        /* It takes members for strangers now, and forwards nothing for them. */
        sim->sent_in_vain += sim->traffic.count - before;
    } else if (!expect_no_pause(sim, wrong_at,
                                EXPECT_UNDISTURBED_MS + 2 * plan->rtt_ms + plan->lossy_ms,
                                "while the relay's clock was wrong")) {
        return false;
    }
    relay_clock_set(sim, 0);
    if (plan_chance(sim, 20)) {
        relay_restarts(sim);
    }
    return story != GUEST_IS_LATE || guest_acts(sim, story, url);
}

bool relay_clock_trouble(struct sim *sim, const struct plan *plan)
{
    struct directory_terms terms = {.uses = 1};
    enum guest_story story = (enum guest_story)plan_draw(sim, GUEST_IS_REVOKED, GUEST_IS_LATE);
    char url[NODE_URL_SIZE];
    uint64_t limit_ms = 10 * plan->rtt_ms + 2 * plan->lossy_ms;

    (void)plan_make_guest(sim, plan);
    terms.expires_ms =
        env_wall_ms(&sim->relays[0].env.ports.env) + plan_draw(sim, 1, 30 * 24) * UINT64_C(3600000);
    if (!sim_relay_invite(&sim->relays[0], &terms, url)) {
        return sim_fail(sim, "the relay makes no invite");
    }
    if (story == GUEST_IS_REVOKED &&
        (!guest_acts(sim, GUEST_JOINS, url) ||
         !sim_run_until(sim, EXPECT_JOIN_MS + LINK_KEEPALIVE_MS + limit_ms, all_is_right,
                        "the guest is a member"))) {
        return false;
    }
    if (!relay_clock_is_wrong(sim, plan, story, url) ||
        !sim_run_until(sim, RELAY_CLOCK_RIGHT_AGAIN_MS + limit_ms, all_is_right,
                       "all is right again") ||
        !expect_flows(sim, sim->now, EXPECT_FLOW_AGAIN_MS + limit_ms,
                      "after the relay's clock was wrong")) {
        return false;
    }
    return guest_leaves(sim, plan);
}
