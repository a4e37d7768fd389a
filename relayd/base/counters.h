/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Everything that relayd counts, declared once: the core increments, relayd/admin/metrics.c prints,
 * tests read. Rows of one family stand together, because the Prometheus text form demands it.
 *
 * X(field, family, labels, help): family is without the prefix "relayd_", and without its _total is
 * no gauge's name, either (OpenMetrics); labels are without braces, "" if there are none; help is
 * printed for the first row of a family.
 */
#pragma once

#include "proto/link/link.h"
#include "relayd/base/traffic_hour.h"
#include "rendezvous/mesh/mesh.h"
#include "rendezvous/presence/locate.h"
#include "rendezvous/presence/presence_table.h"
#include "rendezvous/punch/punch.h"
#include "rendezvous/search/app_pool.h"
#include "rendezvous/search/find.h"

#include <stdint.h>

/* Counted by the core itself. */
#define RELAY_COUNTERS(X)                                                                          \
    X(received_dgrams, "received_datagrams_total", "", "UDP datagrams received.")                  \
    X(received_bytes, "received_bytes_total", "", "UDP payload bytes received.")                   \
    X(forwarded_frames, "forwarded_packets_total", "", "Frames forwarded between sessions.")       \
    X(forwarded_bytes, "forwarded_bytes_total", "", "Bytes of forwarded frames.")                  \
    X(drop_first_byte, "dropped_packets_total", "reason=\"first_byte\"",                           \
      "Datagrams and frames dropped, by reason.")                                                  \
    X(drop_host_frame, "dropped_packets_total", "reason=\"host_frame\"", "")                       \
    X(drop_lane_frame, "dropped_packets_total", "reason=\"lane_frame\"", "")                       \
    X(drop_malformed, "dropped_packets_total", "reason=\"malformed\"", "")                         \
    X(drop_kind, "dropped_packets_total", "reason=\"datagram_kind\"", "")                          \
    X(drop_to_itself, "dropped_packets_total", "reason=\"to_itself\"", "")                         \
    X(drop_no_session, "dropped_packets_total", "reason=\"no_session\"", "")                       \
    X(drop_not_allowed, "dropped_packets_total", "reason=\"not_allowed\"", "")                     \
    X(drop_rate, "dropped_packets_total", "reason=\"rate\"", "")                                   \
    X(drop_rate_address, "dropped_packets_total", "reason=\"rate_address\"", "")                   \
    X(drop_day, "dropped_packets_total", "reason=\"day\"", "")                                     \
    X(drop_bandwidth, "dropped_packets_total", "reason=\"bandwidth\"", "")                         \
    X(drop_volume, "dropped_packets_total", "reason=\"volume\"", "")                               \
    X(drop_share, "dropped_packets_total", "reason=\"share\"", "")                                 \
    X(drop_queue, "dropped_packets_total", "reason=\"queue\"", "")                                 \
    X(drop_blocked, "dropped_packets_total", "reason=\"blocked\"", "")                             \
    X(drop_seeking, "dropped_packets_total", "reason=\"seeking\"", "")                             \
    X(drop_not_its_way, "dropped_packets_total", "reason=\"not_its_way\"", "")                     \
    X(drop_loop, "dropped_packets_total", "reason=\"loop\"", "")                                   \
    X(drop_hops, "dropped_packets_total", "reason=\"hops\"", "")                                   \
    X(drop_not_attached, "dropped_packets_total", "reason=\"not_attached\"", "")                   \
    X(drop_rate_neighbour, "dropped_packets_total", "reason=\"rate_neighbour\"", "")               \
    X(drop_rate_source, "dropped_packets_total", "reason=\"rate_source\"", "")                     \
    X(drop_rate_entry_relay, "dropped_packets_total", "reason=\"rate_entry_relay\"", "")           \
    X(drop_lane_unknown, "dropped_packets_total", "reason=\"lane_unknown\"", "")                   \
    X(drop_lane_moved, "dropped_packets_total", "reason=\"lane_moved\"", "")                       \
    X(drop_lane_unbound, "dropped_packets_total", "reason=\"lane_unbound\"", "")                   \
    X(drop_lane_share, "dropped_packets_total", "reason=\"lane_share\"", "")                       \
    X(drop_lane_rate, "dropped_packets_total", "reason=\"lane_rate\"", "")                         \
    X(drop_lane_blocked, "dropped_packets_total", "reason=\"lane_blocked\"", "")                   \
    X(drop_worker_queue, "dropped_packets_total", "reason=\"worker_queue\"", "")                   \
    X(relayed_out_frames, "relayed_packets_total", "dir=\"out\"",                                  \
      "Frames that went to another relay, or came from one for a host here.")                      \
    X(relayed_in_frames, "relayed_packets_total", "dir=\"in\"", "")                                \
    X(relayed_out_bytes, "relayed_bytes_total", "dir=\"out\"", "Bytes of such frames.")            \
    X(relayed_in_bytes, "relayed_bytes_total", "dir=\"in\"", "")                                   \
    X(lane_frames, "lane_packets_total", "", "Frames forwarded on lanes.")                         \
    X(lane_bytes, "lane_bytes_total", "", "Bytes of such frames, their headers included.")         \
    X(worker_frames, "worker_packets_total", "event=\"forwarded\"",                                \
      "Datagrams that workers received, by what they did with them.")                              \
    X(worker_answered, "worker_packets_total", "event=\"answered\"", "")                           \
    X(worker_handed, "worker_packets_total", "event=\"handed\"", "")                               \
    X(lanes_opened, "lane_events_total", "event=\"opened\"",                                       \
      "Lanes between two sessions, by event.")                                                     \
    X(lanes_closed, "lane_events_total", "event=\"closed\"", "")                                   \
    X(lanes_limit, "lane_events_total", "event=\"limit\"", "")                                     \
    X(lanes_chained, "lane_events_total", "event=\"chained\"", "")                                 \
    X(lanes_refused, "lane_events_total", "event=\"refused\"", "")                                 \
    X(lane_bound, "lane_binds_total", "result=\"bound\"",                                          \
      "Hosts that said where they are, by what became of it.")                                     \
    X(lane_challenges, "lane_binds_total", "result=\"challenged\"", "")                            \
    X(lane_bind_unknown, "lane_binds_total", "result=\"unknown\"", "")                             \
    X(lane_bind_forged, "lane_binds_total", "result=\"forged\"", "")                               \
    X(lane_bind_replayed, "lane_binds_total", "result=\"replayed\"", "")                           \
    X(lane_bind_address, "lane_binds_total", "result=\"address\"", "")                             \
    X(lane_bind_unanswered, "lane_binds_total", "result=\"unanswered\"", "")                       \
    X(gone_sent, "gone_total", "result=\"sent\"", "Gone messages for keys without session.")       \
    X(gone_suppressed, "gone_total", "result=\"suppressed\"", "")                                  \
    X(stun_answered, "stun_requests_total", "result=\"answered\"",                                 \
      "STUN requests on the UDP port, by result.")                                                 \
    X(stun_error_answered, "stun_requests_total", "result=\"error_answered\"", "")                 \
    X(stun_unanswered, "stun_requests_total", "result=\"unanswered\"", "")                         \
    X(stun_malformed, "stun_requests_total", "result=\"malformed\"", "")                           \
    X(stun_limited_address, "stun_requests_total", "result=\"limited_address\"", "")               \
    X(stun_limited_all, "stun_requests_total", "result=\"limited_all\"", "")                       \
    X(stun_lent, "stun_requests_total", "result=\"lent\"", "")                                     \
    X(stun_lent_limited, "stun_requests_total", "result=\"lent_limited\"", "")                     \
    X(lend_cookies, "lend_requests_total", "result=\"cookie\"",                                    \
      "Hosts that want to know what their NAT lets in, by what became of it.")                     \
    X(lend_begun, "lend_requests_total", "result=\"begun\"", "")                                   \
    X(lend_wrong_cookie, "lend_requests_total", "result=\"wrong_cookie\"", "")                     \
    X(lend_malformed, "lend_requests_total", "result=\"malformed\"", "")                           \
    X(lend_limited_address, "lend_requests_total", "result=\"limited_address\"", "")               \
    X(lend_limited_all, "lend_requests_total", "result=\"limited_all\"", "")                       \
    X(live_cookies, "live_requests_total", "result=\"cookie\"",                                    \
      "Hosts that want to know how long their NAT remembers, by what became of it.")               \
    X(live_begun, "live_requests_total", "result=\"begun\"", "")                                   \
    X(live_wrong_cookie, "live_requests_total", "result=\"wrong_cookie\"", "")                     \
    X(live_malformed, "live_requests_total", "result=\"malformed\"", "")                           \
    X(live_limited_address, "live_requests_total", "result=\"limited_address\"", "")               \
    X(live_limited_all, "live_requests_total", "result=\"limited_all\"", "")                       \
    X(lent_sent, "lent_jobs_total", "result=\"sent\"",                                             \
      "Neighbours that want something sent to a host of theirs, by what became of it.")            \
    X(lent_bad_target, "lent_jobs_total", "result=\"bad_target\"", "")                             \
    X(lent_bad_port, "lent_jobs_total", "result=\"bad_port\"", "")                                 \
    X(lent_limited_neighbour, "lent_jobs_total", "result=\"limited_neighbour\"", "")               \
    X(lent_limited_net, "lent_jobs_total", "result=\"limited_net\"", "")                           \
    X(lent_limited_all, "lent_jobs_total", "result=\"limited_all\"", "")                           \
    X(sessions_opened, "sessions_opened_total", "", "Sessions whose both Hellos verified.")        \
    X(closed_ended, "sessions_closed_total", "reason=\"ended\"",                                   \
      "Sessions that ended, by reason.")                                                           \
    X(closed_replaced, "sessions_closed_total", "reason=\"replaced\"", "")                         \
    X(closed_revoked, "sessions_closed_total", "reason=\"revoked\"", "")                           \
    X(closed_busy, "sessions_closed_total", "reason=\"busy\"", "")                                 \
    X(closed_not_admitted, "sessions_closed_total", "reason=\"not_admitted\"", "")                 \
    X(closed_forgotten, "sessions_closed_total", "reason=\"forgotten\"", "")                       \
    X(closed_shutdown, "sessions_closed_total", "reason=\"shutdown\"", "")                         \
    X(session_refused_full, "sessions_refused_total", "reason=\"full\"",                           \
      "Sessions for which there was no room, by reason; they are also closed as busy.")            \
    X(session_refused_displaced, "sessions_refused_total", "reason=\"displaced\"", "")             \
    X(session_refused_often, "sessions_refused_total", "reason=\"often\"", "")                     \
    X(session_refused_address, "sessions_refused_total", "reason=\"strangers_address\"", "")       \
    X(session_refused_net, "sessions_refused_total", "reason=\"strangers_net\"", "")               \
    X(neighbours_opened, "neighbours_opened_total", "", "Sessions with other relays.")             \
    X(neighbours_refused_net, "neighbours_refused_total", "reason=\"net\"",                        \
      "Relays that were not let in, by reason.")                                                   \
    X(neighbours_refused_all, "neighbours_refused_total", "reason=\"all\"", "")                    \
    X(reach_jobs_refused, "reach_jobs_refused_total", "",                                          \
      "Measurements of relays that were not made, because there were too many.")                   \
    X(neighbour_queue_full, "neighbour_queue_refused_total", "",                                   \
      "Messages and datagrams for relays that were being dialled, and too many.")                  \
    X(clock_steps, "clock_steps_total", "", "Times the wall clock was set by 10 minutes or more.") \
    X(copies, "copies_total", "",                                                                  \
      "Times all sessions were forgotten, as in a copy of the machine.")                           \
    X(moved, "session_moves_total", "", "Sessions whose address changed.")                         \
    X(control_bad, "control_refused_total", "reason=\"malformed\"",                                \
      "Control messages that were not served, by reason.")                                         \
    X(control_rate, "control_refused_total", "reason=\"rate\"", "")                                \
    X(control_not_member, "control_refused_total", "reason=\"not_member\"", "")                    \
    X(control_not_relay, "control_refused_total", "reason=\"not_relay\"", "")                      \
    X(control_unsupported, "control_refused_total", "reason=\"unsupported\"", "")                  \
    X(control_broadcast, "control_refused_total", "reason=\"broadcast\"", "")                      \
    X(error_bad_request, "errors_total", "code=\"bad_request\"",                                   \
      "Requests of sessions that were answered by an Error, by code.")                             \
    X(error_not_member, "errors_total", "code=\"not_member\"", "")                                 \
    X(error_invite_invalid, "errors_total", "code=\"invite_invalid\"", "")                         \
    X(error_name_taken, "errors_total", "code=\"name_taken\"", "")                                 \
    X(error_not_found, "errors_total", "code=\"not_found\"", "")                                   \
    X(error_limit, "errors_total", "code=\"limit\"", "")                                           \
    X(error_measure_first, "errors_total", "code=\"measure_first\"", "")                           \
    X(error_refused, "errors_total", "code=\"refused\"", "")                                       \
    X(error_unsupported, "errors_total", "code=\"unsupported\"", "")                               \
    X(error_revoked, "errors_total", "code=\"revoked\"", "")                                       \
    X(error_unavailable, "errors_total", "code=\"unavailable\"", "")                               \
    X(error_clock, "errors_total", "code=\"clock\"", "")                                           \
    X(error_ended, "errors_total", "code=\"ended\"", "")                                           \
    X(join_ok, "joins_total", "result=\"ok\"", "Joins, by result.")                                \
    X(join_bad_request, "joins_total", "result=\"bad_request\"", "")                               \
    X(join_invite_invalid, "joins_total", "result=\"invite_invalid\"", "")                         \
    X(join_name_taken, "joins_total", "result=\"name_taken\"", "")                                 \
    X(join_revoked, "joins_total", "result=\"revoked\"", "")                                       \
    X(join_limit, "joins_total", "result=\"limit\"", "")                                           \
    X(join_clock, "joins_total", "result=\"clock\"", "")                                           \
    X(join_ended, "joins_total", "result=\"ended\"", "")                                           \
    X(join_refused, "joins_total", "result=\"refused\"", "")                                       \
    X(join_unavailable, "joins_total", "result=\"unavailable\"", "")                               \
    X(lookups, "lookups_total", "", "Lookups served.")                                             \
    X(attachment_ok, "attachments_total", "result=\"ok\"",                                         \
      "Attachments of hosts to this relay, by result.")                                            \
    X(attachment_bad, "attachments_total", "result=\"bad\"", "")                                   \
    X(attachment_clock, "attachments_total", "result=\"clock\"", "")                               \
    X(attachment_limit, "attachments_total", "result=\"limit\"", "")                               \
    X(attachment_foreign_ok, "foreign_attachments_total", "result=\"ok\"",                         \
      "Attachments of hosts to other relays, by result.")                                          \
    X(attachment_foreign_old, "foreign_attachments_total", "result=\"old\"", "")                   \
    X(attachment_foreign_bad, "foreign_attachments_total", "result=\"bad\"", "")                   \
    X(attachment_foreign_limit, "foreign_attachments_total", "result=\"limit\"", "")               \
    X(punch_relayed_rate, "relayed_punches_refused_total", "reason=\"rate\"",                      \
      "Punches that other relays asked for or refused, and were not heeded, by reason.")           \
    X(punch_relayed_refused, "relayed_punches_refused_total", "reason=\"refused\"", "")            \
    X(punch_relayed_unasked, "relayed_punches_refused_total", "reason=\"unasked\"", "")            \
    X(locates, "locates_total", "result=\"served\"", "Questions of hosts where a key is.")         \
    X(locates_of_relays, "locates_total", "result=\"served_relay\"", "")                           \
    X(locate_limit, "locates_total", "result=\"limit\"", "")                                       \
    X(locate_busy, "locates_total", "result=\"busy\"", "")                                         \
    X(node_lookups, "node_lookups_total", "result=\"served\"",                                     \
      "Questions which relays there are.")                                                         \
    X(node_lookups_limit, "node_lookups_total", "result=\"limit\"", "")                            \
    X(words_asked, "words_total", "what=\"asked\"",                                                \
      "Questions between relays without a session, by what became of them.")                       \
    X(words_told, "words_total", "what=\"answered_us\"", "")                                       \
    X(words_answered, "words_total", "what=\"answered\"", "")                                      \
    X(words_limit, "words_total", "what=\"limit\"", "")                                            \
    X(words_bad, "words_total", "what=\"bad\"", "")                                                \
    X(frame_words_sent, "frame_words_total", "what=\"sent\"",                                      \
      "Frames between relays without a session, by what became of them.")                          \
    X(frame_words_receipts, "frame_words_total", "what=\"taken_there\"", "")                       \
    X(frame_words_again, "frame_words_total", "what=\"sent_again\"", "")                           \
    X(frame_words_opened, "frame_words_total", "what=\"opened\"", "")                              \
    X(frame_words_taken, "frame_words_total", "what=\"taken\"", "")                                \
    X(frame_words_limit, "frame_words_total", "what=\"limit\"", "")                                \
    X(frame_words_old, "frame_words_total", "what=\"old\"", "")                                    \
    X(frame_words_bad, "frame_words_total", "what=\"bad\"", "")                                    \
    X(blocks_limit, "blocks_refused_total", "", "Keys that hosts could not block: too many.")      \
    X(vias_limit, "ways_refused_total", "", "Ways that hosts could not name: too many.")           \
    X(changes_sent, "changes_messages_total", "", "Changes messages sent to watchers.")            \
    X(revocations, "revocations_total", "", "Members revoked.")                                    \
    X(store_failures, "store_failures_total", "", "Requests that failed because of the storage.")  \
    X(http_ok, "http_requests_total", "code=\"200\"", "HTTP/3 requests, by answer.")               \
    X(http_not_found, "http_requests_total", "code=\"404\"", "")                                   \
    X(http_bad_method, "http_requests_total", "code=\"405\"", "")                                  \
    X(http_limited, "http_requests_total", "code=\"429\"", "")                                     \
    X(http_unavailable, "http_requests_total", "code=\"503\"", "")

/* Taken from struct link_stats when printed. */
#define RELAY_LINK_COUNTERS(X)                                                                     \
    X(accepted, "connection_events_total", "event=\"accepted\"", "QUIC connections, by event.")    \
    X(opened, "connection_events_total", "event=\"opened\"", "")                                   \
    X(closed, "connection_events_total", "event=\"closed\"", "")                                   \
    X(refused_half_open, "connections_refused_total", "reason=\"half_open\"",                      \
      "QUIC connections refused, by reason.")                                                      \
    X(refused_per_addr, "connections_refused_total", "reason=\"per_address\"", "")                 \
    X(refused_connections, "connections_refused_total", "reason=\"connections\"", "")              \
    X(refused_noise, "connections_refused_total", "reason=\"noise\"", "")                          \
    X(retry_sent, "stateless_answers_total", "kind=\"retry\"", "Stateless QUIC answers, by kind.") \
    X(reset_sent, "stateless_answers_total", "kind=\"reset\"", "")                                 \
    X(version_sent, "stateless_answers_total", "kind=\"version\"", "")                             \
    X(dgram_sent, "session_datagrams_total", "dir=\"out\"",                                        \
      "HTTP datagrams of sessions, by direction.")                                                 \
    X(dgram_received, "session_datagrams_total", "dir=\"in\"", "")                                 \
    X(dgram_capsule_sent, "session_datagram_capsules_total", "",                                   \
      "HTTP datagrams that were too large and went as capsules.")                                  \
    X(dgram_dropped_queue, "session_datagram_drops_total", "",                                     \
      "HTTP datagrams dropped because a session's queue was full.")                                \
    X(control_sent, "control_messages_total", "dir=\"out\"", "Control messages, by direction.")    \
    X(control_received, "control_messages_total", "dir=\"in\"", "")                                \
    X(protocol_errors, "protocol_errors_total", "", "Connections that broke the protocol.")        \
    X(auth_failures, "auth_failures_total", "", "Hellos whose signature did not verify.")

/* Taken from struct punch_stats when printed. */
#define RELAY_PUNCH_COUNTERS(X)                                                                    \
    X(requested, "punch_requests_total", "", "Punches asked for.")                                 \
    X(accepted, "punch_results_total", "result=\"accepted\"", "Punches, by result so far.")        \
    X(refused, "punch_results_total", "result=\"refused\"", "")                                    \
    X(timed_out, "punch_results_total", "result=\"timed_out\"", "")                                \
    X(direct, "punch_results_total", "result=\"direct\"", "")                                      \
    X(failed, "punch_results_total", "result=\"failed\"", "")                                      \
    X(updates, "punch_updates_total", "", "Changed mappings told to the other side of a punch.")   \
    X(limit_rate, "punch_refused_total", "reason=\"rate\"", "Punch requests refused, by reason.")  \
    X(limit_pair, "punch_refused_total", "reason=\"pair\"", "")                                    \
    X(limit_key, "punch_refused_total", "reason=\"key\"", "")                                      \
    X(limit_all, "punch_refused_total", "reason=\"all\"", "")                                      \
    X(unmeasured, "punch_refused_total", "reason=\"unmeasured\"", "")                              \
    X(bad_address, "punch_refused_total", "reason=\"address\"", "")                                \
    X(outputs_lost, "punch_messages_lost_total", "",                                               \
      "Messages about punches that were not sent, because too many waited.")

/* Taken from struct presence_stats when printed. */
#define RELAY_PRESENCE_COUNTERS(X)                                                                 \
    X(added, "presence_announced_total", "result=\"new\"",                                         \
      "What other relays announced about the places of keys, by result.")                          \
    X(renewed, "presence_announced_total", "result=\"renewed\"", "")                               \
    X(repeated, "presence_announced_total", "result=\"repeated\"", "")                             \
    X(malformed, "presence_announced_total", "result=\"malformed\"", "")                           \
    X(forged, "presence_announced_total", "result=\"forged\"", "")                                 \
    X(future, "presence_announced_total", "result=\"future\"", "")                                 \
    X(over, "presence_announced_total", "result=\"over\"", "")                                     \
    X(replayed, "presence_announced_total", "result=\"replayed\"", "")                             \
    X(foreign, "presence_announced_total", "result=\"foreign\"", "")                               \
    X(limit_rate, "presence_announced_total", "result=\"limit_rate\"", "")                         \
    X(limit_checks, "presence_announced_total", "result=\"limit_checks\"", "")                     \
    X(limit_key, "presence_announced_total", "result=\"limit_key\"", "")                           \
    X(limit_relay, "presence_announced_total", "result=\"limit_relay\"", "")                       \
    X(limit_prefix, "presence_announced_total", "result=\"limit_prefix\"", "")                     \
    X(limit_all, "presence_announced_total", "result=\"limit_all\"", "")                           \
    X(displaced, "presence_forgotten_total", "reason=\"displaced\"",                               \
      "Places of keys that were forgotten, by reason.")                                            \
    X(absent, "presence_forgotten_total", "reason=\"absent\"", "")                                 \
    X(expired, "presence_forgotten_total", "reason=\"expired\"", "")

/* Taken from struct locate_stats when printed. */
#define RELAY_LOCATE_COUNTERS(X)                                                                   \
    X(found, "lookups_of_places_total", "result=\"found\"",                                        \
      "Look-ups of keys at other relays, by result.")                                              \
    X(absent, "lookups_of_places_total", "result=\"absent\"", "")                                  \
    X(silent, "lookups_of_places_total", "result=\"silent\"", "")                                  \
    X(joined, "lookups_of_places_total", "result=\"joined\"", "")                                  \
    X(cached, "lookups_of_places_total", "result=\"cached\"", "")                                  \
    X(busy, "lookups_of_places_total", "result=\"busy\"", "")                                      \
    X(answers_good, "lookup_answers_total", "kind=\"good\"",                                       \
      "Answers of other relays to look-ups, by kind.")                                             \
    X(answers_empty, "lookup_answers_total", "kind=\"empty\"", "")                                 \
    X(answers_wrong, "lookup_answers_total", "kind=\"wrong\"", "")                                 \
    X(answers_late, "lookup_answers_total", "kind=\"late\"", "")                                   \
    X(answers_failed, "lookup_answers_total", "kind=\"failed\"", "")

/* Taken from struct mesh_stats when printed. */
#define RELAY_NODE_COUNTERS(X)                                                                     \
    X(known, "node_records_total", "result=\"known\"",                                             \
      "Records of relays that others told, by what they were.")                                    \
    X(older, "node_records_total", "result=\"older\"", "")                                         \
    X(own, "node_records_total", "result=\"own\"", "")                                             \
    X(malformed, "node_records_total", "result=\"malformed\"", "")                                 \
    X(forged, "node_records_total", "result=\"forged\"", "")                                       \
    X(future, "node_records_total", "result=\"future\"", "")                                       \
    X(over, "node_records_total", "result=\"over\"", "")                                           \
    X(bad_address, "node_records_total", "result=\"bad_address\"", "")                             \
    X(limit_all, "node_records_total", "result=\"limit_all\"", "")                                 \
    X(limit_prefix, "node_records_total", "result=\"limit_net\"", "")                              \
    X(limit_believed, "node_records_total", "result=\"limit_rate\"", "")                           \
    X(limit_unproven, "node_records_total", "result=\"limit_unproven\"", "")                       \
    X(unproven_full, "node_records_total", "result=\"unproven_full\"", "")                         \
    X(vouched, "node_records_total", "result=\"vouched\"", "")                                     \
    X(unreached, "node_records_total", "result=\"unreached\"", "")                                 \
    X(believed, "node_records_total", "result=\"believed\"", "")                                   \
    X(attestations_bad, "node_attestations_refused_total", "",                                     \
      "Attestations that were forged, over, or of another relay.")                                 \
    X(expired, "nodes_forgotten_total", "reason=\"expired\"",                                      \
      "Relays that are not believed any more, by reason.")                                         \
    X(unbelieved, "nodes_forgotten_total", "reason=\"unproven\"", "")                              \
    X(limit_told, "node_messages_refused_total", "reason=\"rate\"",                                \
      "Messages of relays about relays that were not answered or not looked at, by reason.")       \
    X(bad_message, "node_messages_refused_total", "reason=\"malformed\"", "")                      \
    X(dials, "node_dials_total", "result=\"begun\"",                                               \
      "Dials that find out whether a relay is where its record says.")                             \
    X(reached, "node_dials_total", "result=\"reached\"", "")

/* Taken from struct app_pool_stats when printed. */
#define RELAY_POOL_COUNTERS(X)                                                                     \
    X(joined, "pool_joins_total", "result=\"ok\"", "Joins of pools of applications, by result.")   \
    X(refused_unmeasured, "pool_joins_total", "result=\"unmeasured\"", "")                         \
    X(refused_unknown, "pool_joins_total", "result=\"no_pool\"", "")                               \
    X(refused_net, "pool_joins_total", "result=\"net\"", "")                                       \
    X(refused_full, "pool_joins_total", "result=\"full\"", "")                                     \
    X(displaced, "pool_displaced_total", "", "Strangers that made room for a member in a pool.")   \
    X(picked, "pool_picks_total", "result=\"ok\"", "Requests for another application of a pool.")  \
    X(picked_none, "pool_picks_total", "result=\"none\"", "")

/* Taken from struct find_stats when printed. */
#define RELAY_FIND_COUNTERS(X)                                                                     \
    X(asked, "searches_total", "event=\"asked\"", "Searches of clients for relays, by event.")     \
    X(known_enough, "searches_total", "event=\"known\"", "")                                       \
    X(searched, "searches_total", "event=\"begun\"", "")                                           \
    X(enough, "searches_total", "event=\"enough\"", "")                                            \
    X(too_late, "searches_total", "event=\"time_over\"", "")                                       \
    X(limit_asks, "searches_total", "event=\"limit_asks\"", "")                                    \
    X(limit_client, "searches_total", "event=\"limit_client\"", "")                                \
    X(limit_waiting, "searches_total", "event=\"limit_waiting\"", "")                              \
    X(queries, "search_queries_total", "event=\"taken\"", "Queries of other relays, by event.")    \
    X(sent, "search_queries_total", "event=\"sent\"", "")                                          \
    X(duplicate, "search_queries_total", "event=\"duplicate\"", "")                                \
    X(malformed, "search_queries_total", "event=\"malformed\"", "")                                \
    X(limit_link, "search_queries_total", "event=\"limit_link\"", "")                              \
    X(results, "search_results_total", "event=\"taken\"",                                          \
      "Results that other relays told, and the relays in them, by event.")                         \
    X(results_unwanted, "search_results_total", "event=\"unwanted\"", "")                          \
    X(relays_passed, "search_results_total", "event=\"relay_passed\"", "")                         \
    X(relays_refused, "search_results_total", "event=\"relay_refused\"", "")

struct relay_counters {
#define RELAY_COUNTER_FIELD(field, family, labels, help) uint64_t field;
    RELAY_COUNTERS(RELAY_COUNTER_FIELD)
#undef RELAY_COUNTER_FIELD
};

/** Everything there is to tell about a relay at one instant. */
/* tidy-ok: struct-fields one flat list of what the services have to tell */
struct relay_snapshot {
    struct relay_counters counters;
    struct link_stats link;
    struct punch_stats punch;
    struct presence_stats presence;
    struct locate_stats locate;
    struct mesh_stats mesh;
    uint32_t announced, ways, foreign_hosts; /* keys that are announced; ways; attachments */
    uint32_t lanes;
    struct app_pool_stats pools;
    struct find_stats find;
    uint32_t sessions;   /* keys with an active session */
    uint32_t strangers;  /* sessions that are not members */
    uint32_t neighbours; /* relays with which there is a session or is being made one */
    uint32_t watchers;
    uint32_t sessions_max;
    uint64_t members; /* admitted and not revoked */
    uint64_t members_max;
    uint64_t uptime_ms, wall_ms;
    uint64_t delegation_expires_ms;   /* wall clock; 0: there is none */
    uint64_t certificate_expires_ms;  /* that of an authority; the same */
    uint64_t volume_used, volume_max; /* bytes of this month; max 0: no limit */
    uint64_t bandwidth_max;           /* bytes a second; 0: no limit */
    struct traffic_hour traffic;
    bool store_ok; /* as in struct store_health */
};
