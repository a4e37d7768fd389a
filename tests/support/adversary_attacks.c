/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The attacks, and what counts their refusals. */
#include "tests/support/adversary_attacks.h"

#include "tests/support/adversary_asks.h"
#include "tests/support/adversary_frames.h"
#include "tests/support/adversary_hosts.h"
#include "tests/support/adversary_records.h"

/* ---- what counts them ---- */

#define COUNT(name, expression)                                                                    \
    static uint64_t count_##name(const struct relay_core *core)                                    \
    {                                                                                              \
        return expression;                                                                         \
    }

COUNT(record_forged, mesh_stats(core->mesh.mesh)->forged)
COUNT(record_future, mesh_stats(core->mesh.mesh)->future)
COUNT(record_known, mesh_stats(core->mesh.mesh)->known)
COUNT(record_limit,
      mesh_stats(core->mesh.mesh)->limit_unproven + mesh_stats(core->mesh.mesh)->limit_believed)
COUNT(attachment_forged, presence_table_stats(core->presence.table)->forged)
COUNT(attachment_future, presence_table_stats(core->presence.table)->future)
COUNT(attachment_foreign, presence_table_stats(core->presence.table)->foreign)
COUNT(attachment_replayed, presence_table_stats(core->presence.table)->replayed +
                               presence_table_stats(core->presence.table)->limit_key)
COUNT(control_rate, core->base.counters.control_rate)
COUNT(locate_limit, core->base.counters.locate_limit)
COUNT(find_link, find_stats(core->search.find)->limit_link)
COUNT(find_asks, find_stats(core->search.find)->limit_asks)
COUNT(reach, core->base.counters.reach_jobs_refused)
COUNT(not_attached, core->base.counters.drop_not_attached)
COUNT(attachment_bad, core->base.counters.attachment_foreign_bad)
COUNT(rate_source, core->base.counters.drop_rate_source)
COUNT(word_bad, core->base.counters.frame_words_bad)
COUNT(word_old, core->base.counters.frame_words_old)
COUNT(word_limit, core->base.counters.frame_words_limit)
COUNT(loop, core->base.counters.drop_loop)
COUNT(punch_rate, core->base.counters.punch_relayed_rate)
COUNT(lane_refused, core->base.counters.lanes_refused)
COUNT(join_invite, core->base.counters.join_invite_invalid)
COUNT(join_limit, core->base.counters.join_limit)
COUNT(node_lookup, core->base.counters.node_lookups_limit)
COUNT(protocol, link_hub_stats(core->base.hub)->protocol_errors)
COUNT(lent_limited,
      core->base.counters.lent_limited_net + core->base.counters.lent_limited_neighbour)
COUNT(stun_limited, core->base.counters.stun_limited_address)
COUNT(stun_lent_limited,
      core->base.counters.stun_lent_limited + core->base.counters.stun_limited_address)
COUNT(nothing, core->base.counters.drop_first_byte)

#define CONTROL_RATE "control_refused rate"

const struct adversary_attack adversary_attacks[] = {
    {"forged records", "node_records forged", true, 1, 1000, attack_forged_record,
     count_record_forged},
    {"records with the key of another relay", "node_records forged", true, 1, 1000,
     attack_claimed_key, count_record_forged},
    {"records of the future", "node_records future", true, 1, 1000, attack_future_record,
     count_record_future},
    {"a record again and again", "node_records known", true, 1, 1000, attack_replayed_record,
     count_record_known},
    {"records of relays that are not there", "node_records limit_...", true, 1, 1000,
     attack_many_records, count_record_limit},
    {"the same of four relays of one /24", "node_records limit_...", true, 4, 1000,
     attack_many_records, count_record_limit},
    {"forged attachments", "presence_announced forged", true, 1, 1000, attack_forged_attachment,
     count_attachment_forged},
    {"attachments of the future", "presence_announced future", true, 1, 1000,
     attack_future_attachment, count_attachment_future},
    {"attachments to another relay", "presence_announced foreign", true, 1, 1000,
     attack_foreign_attachment, count_attachment_foreign},
    {"older attachments of a host", "presence_announced replayed, limit_key", true, 1, 1000,
     attack_replayed_attachment, count_attachment_replayed},
    {"Locates", CONTROL_RATE, true, 1, 1000, attack_locate, count_control_rate},
    {"Finds", "search_queries limit_link", true, 1, 1000, attack_find, count_find_link},
    {"Finds of four relays of one /24", "search_queries limit_link", true, 4, 1000, attack_find,
     count_find_link},
    {"ReachJobs about bystanders", "reach_jobs_refused", true, 1, 1000, attack_reach_job,
     count_reach},
    {"LendJobs about a stranger", "lent_jobs limited_net, limited_neighbour", true, 1, 1000,
     attack_lend_job, count_lent_limited},
    {"CHANGE-REQUESTs in a stranger's name", "stun_requests limited_address", false, 1, 1000,
     attack_forged_change, count_stun_limited},
    {"the same in the names of all of a /24", "stun_requests lent_limited, limited_address", false,
     1, 1000, attack_forged_network, count_stun_lent_limited},
    {"requests to be measured, with made-up cookies", "stun_requests limited_address", false, 1,
     1000, attack_report, count_stun_limited},
    {"punches for hosts of its own", "relayed_punches_refused rate", true, 1, 1000, attack_punch,
     count_punch_rate},
    {"lanes for hosts of its own", "lane_events refused", true, 1, 1000, attack_lane,
     count_lane_refused},
    {"kind 3 with a forged source", "dropped_packets not_attached", true, 1, 1000,
     attack_forged_source, count_not_attached},
    {"the same with a forged attachment", "foreign_attachments bad", true, 1, 1000,
     attack_forged_source_attached, count_attachment_bad},
    {"kind 3 in a loop", "dropped_packets loop", true, 1, 1000, attack_loop, count_loop},
    {"kind 3 of a good source, 64 Mbit/s", "dropped_packets rate_source", true, 1, 1000,
     attack_flooding_source, count_rate_source},
    {"forged words with frames", "frame_words bad", true, 1, 1000, attack_forged_word,
     count_word_bad},
    {"a word with a frame again and again", "frame_words old", true, 1, 1000, attack_replayed_word,
     count_word_old},
    {"words with frames of a good relay", "frame_words limit", true, 1, 1000, attack_flooding_word,
     count_word_limit},
    {"Joins with made-up invites, 20 hosts of one /24", "joins limit", false, 20, 360, attack_join,
     count_join_limit},
    {"the same below the limit of a network", "joins invite_invalid", false, 20, 20, attack_join,
     count_join_invite},
    {"Joins beyond their rate, 20 hosts of one /24", CONTROL_RATE, false, 20, 2000, attack_join,
     count_control_rate},
    {"Locates, 20 hosts of one /24", "locates limit", false, 20, 360, attack_locate,
     count_locate_limit},
    {"Finds, 20 hosts of one /24", "searches limit_asks", false, 20, 360, attack_host_find,
     count_find_asks},
    {"NodeLookups, 20 hosts of one /24", "node_lookups limit", false, 20, 360, attack_node_lookup,
     count_node_lookup},
    {"messages that are too long, of a relay", "protocol_errors", true, 1, 100, attack_oversized,
     count_protocol},
    {"messages that are too long, 20 hosts", "protocol_errors", false, 20, 400, attack_oversized,
     count_protocol},
    {"the longest message, a byte at a time, 4 relays", "", true, 4, 400, attack_slow,
     count_nothing},
    {"the same, 20 hosts", "", false, 20, 1000, attack_slow, count_nothing},
};

const size_t adversary_attacks_count = sizeof(adversary_attacks) / sizeof(adversary_attacks[0]);
