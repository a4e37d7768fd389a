/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Messages and sessions as inputs of rendezvous/presence, and its outputs as messages. */
#include "relayd/service/presence.h"

#include "relayd/service/announcing.h"
#include "relayd/service/located_message.h"

#include <string.h>

enum {
    SWEEP_MS = 1000,
    OWN_RECORDS_BESIDE_HOSTS = 1, /* the delegation */
    WAITER_FRAMES = 0,            /* presence_find waits; the number of no client */
};

int presence_service_init(struct presence_service *service, struct relay_base *base,
                          struct mono now)
{
    static const struct bucket_rate asked = {.per_s = PRESENCE_ASKED_PER_S,
                                             .burst = PRESENCE_ASKED_BURST};
    int rc = presence_seats_init(&service->seats, &base->env, base->cfg.identity->public_key, now);

    service->base = base;
    service->sweep_at = mono_add_ms(now, SWEEP_MS);
    if (rc == ERR_OK) {
        rc = presence_table_new(&service->table, PRESENCE_COUNT_MAX, presence_record_signed,
                                &base->env, now);
    }
    if (rc == ERR_OK) {
        rc = presence_words_init(&service->words, base, now);
    }
    if (rc == ERR_OK) {
        rc = locate_new(&service->locate, presence_record_signed, &base->env);
    }
    if (rc == ERR_OK) {
        rc = announcer_new(&service->announcer, base->cfg.identity->public_key,
                           base->session_capacity + OWN_RECORDS_BESIDE_HOSTS, &base->env, now);
    }
    if (rc == ERR_OK) {
        rc = bucket_table_new(&service->relay_askers, sizeof(struct hrw_prefix),
                              PRESENCE_LOCATE_NETS_MAX, &asked, &base->env);
    }
    return rc;
}

void presence_service_fini(struct presence_service *service)
{
    bucket_table_free(service->relay_askers);
    announcer_free(service->announcer);
    locate_free(service->locate);
    presence_table_free(service->table);
    presence_words_fini(&service->words);
    presence_seats_fini(&service->seats);
}

void presence_use_mesh(struct presence_service *service, struct mesh *mesh)
{
    service->mesh = mesh;
    service->seats.mesh = mesh;
    service->words.mesh = mesh;
}

/* ---- answers ---- */

static void located_send(struct presence_service *service, const struct relay_client *client,
                         uint32_t request_id, const struct located *located)
{
    struct reply *reply = &service->base->reply;
    struct located_message message;
    Ziglan__Control answer = ZIGLAN__CONTROL__INIT;

    if (located->count == 0) {
        reply_refuse(reply, client, request_id, VERDICT_NOT_FOUND,
                     "No relay knows where this key is.");
        return;
    }
    located_message_fill(&message, located, service->mesh);
    answer.request_id = request_id;
    answer.body_case = ZIGLAN__CONTROL__BODY_LOCATED;
    answer.located = &message.body;
    reply_send(reply, client, &answer);
}

/* What this relay knows itself: who is here, and what others announced to it. */
static void own_find(const struct presence_service *service, const uint8_t key[KEY_SIZE],
                     struct located *out, struct mono now)
{
    uint64_t wall_ms = env_wall_ms(&service->base->env);
    const struct presence_record *here = announcer_find(service->announcer, key);

    out->count = presence_table_find(service->table, key, wall_ms, now, out->records);
    if (here != NULL && announcing_is_here(service->base, key) &&
        presence_record_time(here, wall_ms) == PRESENCE_OK) {
        located_add(out, here);
    }
}

/* ---- look-ups ---- */

static const struct relay_client *waiter_client(const struct presence_service *service,
                                                const struct locate_waiter *waiter)
{
    struct handle handle = {.index = (uint32_t)waiter->who,
                            .generation = (uint32_t)(waiter->who >> 32)};

    return session_table_at(&service->base->sessions, handle);
}

/* Ask a relay where a key is over a session, which is made if there is none. */
static void question_send(struct presence_service *service, const uint8_t to[KEY_SIZE],
                          const uint8_t key[KEY_SIZE], uint32_t request_id, struct mono now)
{
    Ziglan__Locate body = ZIGLAN__LOCATE__INIT;
    Ziglan__Control message = ZIGLAN__CONTROL__INIT;

    body.key = control_bytes(key, KEY_SIZE);
    message.request_id = request_id;
    message.body_case = ZIGLAN__CONTROL__BODY_LOCATE;
    message.locate = &body;
    if (neighbour_send_brief(&service->base->neighbours, to, &message, now) != ERR_OK) {
        locate_on_failed(service->locate, to, request_id, now);
    }
}

/* The same by a word, if there is no session and the relay answers words. */
static void question_ask(struct presence_service *service, const struct locate_output *out,
                         struct mono now)
{
    if (neighbour_of_key(&service->base->neighbours, out->to) != NULL ||
        !presence_words_ask(&service->words, out, now)) {
        question_send(service, out->to, out->key, out->request_id, now);
    }
}

/* Which other relays the records name. */
static void answer_fill(const struct presence_service *service, const uint8_t key[KEY_SIZE],
                        const struct located *located, struct presence_answer *out)
{
    const uint8_t *own_key = service->base->cfg.identity->public_key;

    memcpy(out->key, key, KEY_SIZE);
    out->count = 0;
    for (size_t i = 0; i < located->count; i++) {
        const uint8_t *relay = located->records[i].relay;

        if (memcmp(relay, own_key, KEY_SIZE) != 0) {
            memcpy(out->relays[out->count++], relay, KEY_SIZE);
        }
    }
}

/* An answer for presence_find. There is room for one of each look-up; who takes none loses some. */
static void answer_put(struct presence_service *service, const struct locate_output *out)
{
    size_t at = (service->answers_first + service->answers_count) % LOCATE_COUNT_MAX;

    if (service->answers_count < LOCATE_COUNT_MAX) {
        answer_fill(service, out->key, &out->located, &service->answers[at]);
        service->answers_count++;
    }
}

static void done_tell(struct presence_service *service, const struct locate_output *out)
{
    const struct relay_client *client;

    if (out->waiter.who == WAITER_FRAMES) {
        answer_put(service, out);
        return;
    }
    client = waiter_client(service, &out->waiter);
    if (client != NULL) {
        located_send(service, client, out->waiter.request_id, &out->located);
    }
}

/* Ask and answer what the look-ups want. */
static void outputs_send(struct presence_service *service, struct mono now)
{
    struct locate_output out;

    while (locate_output(service->locate, &out)) {
        switch (out.type) {
        case LOCATE_OUTPUT_ASK:
            question_ask(service, &out, now);
            break;
        case LOCATE_OUTPUT_DONE:
            done_tell(service, &out);
            break;
        }
    }
}

static bool is_stranger(const struct relay_client *client)
{
    return client->state != RELAY_CLIENT_STATE_MEMBER;
}

/* True if the client may ask one thing more; counted if not. */
static bool question_take(struct presence_service *service, struct relay_client *client,
                          struct mono now)
{
    struct relay_base *base = service->base;

    if (!limits_question_take(&base->limits, &client->limits,
                              is_stranger(client) ? &client->remote : NULL, now)) {
        base->counters.locate_limit++;
        return false;
    }
    return true;
}

/* Begin a look-up at the relays that keep the key, if that is not too much for now. Half of the
 * look-ups, and of the work, is for members. */
static enum locate_answer keepers_ask(struct presence_service *service,
                                      const struct relay_client *client,
                                      const uint8_t key[KEY_SIZE],
                                      const struct locate_waiter *waiter, struct mono now)
{
    uint8_t ranks[LOCATE_RANKS_MAX][KEY_SIZE];
    size_t count = 0;
    bool stranger = is_stranger(client);

    if ((stranger && locate_stats(service->locate)->running >= LOCATE_COUNT_MAX / 2) ||
        !presence_seats_ranks(&service->seats, key, ranks, &count, stranger, now)) {
        service->base->counters.locate_busy++;
        return LOCATE_BUSY;
    }
    return locate_begin(service->locate, key, waiter, ranks, count, now);
}

/* Answer from what is known here, or join a look-up that is under way. LOCATE_ASK_WHOM: one is to
 * be begun. */
static enum locate_answer known_find(struct presence_service *service, const uint8_t key[KEY_SIZE],
                                     const struct locate_waiter *waiter, struct located *out,
                                     struct mono now)
{
    own_find(service, key, out, now);
    return out->count > 0 ? LOCATE_KNOWN
                          : locate_want(service->locate, key, waiter,
                                        env_wall_ms(&service->base->env), now, out);
}

void presence_on_locate(struct presence_service *service, struct relay_client *client,
                        const Ziglan__Control *message, struct mono now)
{
    struct relay_base *base = service->base;
    const uint8_t *key = message->locate->key.data;
    struct locate_waiter waiter = {.who = relay_client_number(client),
                                   .request_id = message->request_id};
    struct located located;
    enum locate_answer answer;

    if (!question_take(service, client, now)) {
        reply_refuse(&base->reply, client, message->request_id, VERDICT_LIMIT,
                     "too many questions of this host or its network; try again in a moment");
        return;
    }
    base->counters.locates++;
    answer = known_find(service, key, &waiter, &located, now);
    if (answer == LOCATE_ASK_WHOM) {
        answer = keepers_ask(service, client, key, &waiter, now);
    }
    if (answer == LOCATE_KNOWN) {
        located_send(service, client, message->request_id, &located);
    } else if (answer == LOCATE_BUSY) {
        reply_refuse(&base->reply, client, message->request_id, VERDICT_LIMIT,
                     "too many look-ups go on at this relay; try again in a moment");
    }
    outputs_send(service, now);
}

/* ---- for frames ---- */

static const struct locate_waiter frames_wait = {.who = WAITER_FRAMES};

/* Go on from the answer of known_find or locate_want. */
static enum presence_find find_from(struct presence_service *service, struct relay_client *client,
                                    const uint8_t key[KEY_SIZE], enum locate_answer answer,
                                    const struct located *located, struct presence_answer *out,
                                    struct mono now)
{
    if (answer == LOCATE_ASK_WHOM && !question_take(service, client, now)) {
        return PRESENCE_FIND_BUSY;
    }
    if (answer == LOCATE_ASK_WHOM) {
        answer = keepers_ask(service, client, key, &frames_wait, now);
    }
    outputs_send(service, now);
    if (answer == LOCATE_KNOWN) {
        answer_fill(service, key, located, out);
        return PRESENCE_FIND_KNOWN;
    }
    return answer == LOCATE_WAITS ? PRESENCE_FIND_SOUGHT : PRESENCE_FIND_BUSY;
}

enum presence_find presence_find(struct presence_service *service, struct relay_client *client,
                                 const uint8_t key[KEY_SIZE], struct presence_answer *out,
                                 struct mono now)
{
    struct located located;
    enum locate_answer answer = known_find(service, key, &frames_wait, &located, now);

    return find_from(service, client, key, answer, &located, out, now);
}

enum presence_find presence_find_others(struct presence_service *service,
                                        struct relay_client *client, const uint8_t key[KEY_SIZE],
                                        struct presence_answer *out, struct mono now)
{
    struct located located;
    enum locate_answer answer = locate_want(service->locate, key, &frames_wait,
                                            env_wall_ms(&service->base->env), now, &located);

    return find_from(service, client, key, answer, &located, out, now);
}

bool presence_answer_next(struct presence_service *service, struct presence_answer *out)
{
    if (service->answers_count == 0) {
        return false;
    }
    *out = service->answers[service->answers_first];
    service->answers_first = (service->answers_first + 1) % LOCATE_COUNT_MAX;
    service->answers_count--;
    return true;
}

void presence_on_absent(struct presence_service *service, const uint8_t key[KEY_SIZE],
                        const uint8_t relay[KEY_SIZE], struct mono now)
{
    locate_forget(service->locate, key, relay, now);
    presence_table_absent(service->table, key, relay);
}

/* ---- answers of neighbours, and what they ask and announce ---- */

void presence_on_told(struct presence_service *service, const struct relay_client *client,
                      const Ziglan__Control *message, struct mono now)
{
    struct relay_base *base = service->base;
    const ProtobufCBinaryData *record = &message->announce->record;
    struct presence_teller teller = {.address = client->remote};
    enum verdict verdict;

    memcpy(teller.key, client->key, KEY_SIZE);
    verdict = presence_table_tell(service->table, &teller, record->data, record->len,
                                  env_wall_ms(&base->env), now);
    reply_result(&base->reply, client, message->request_id, verdict);
}

void presence_on_asked(struct presence_service *service, const struct relay_client *client,
                       const Ziglan__Control *message, struct mono now)
{
    struct relay_base *base = service->base;
    struct hrw_prefix prefix = hrw_prefix_of(&client->remote);
    struct located located;

    if (!bucket_table_take(service->relay_askers, &prefix, 1, now)) {
        base->counters.locate_limit++;
        reply_refuse(&base->reply, client, message->request_id, VERDICT_LIMIT, NULL);
        return;
    }
    base->counters.locates_of_relays++;
    own_find(service, message->locate->key.data, &located, now);
    located_send(service, client, message->request_id, &located);
}

void presence_on_located(struct presence_service *service, const struct relay_client *client,
                         const Ziglan__Control *message, struct mono now)
{
    const Ziglan__Located *body = message->located;
    struct locate_record records[LOCATED_MAX];

    if ((message->request_id & LOCATE_ID_FLAG) == 0) {
        return;
    }
    for (size_t i = 0; i < body->n_records; i++) {
        records[i] =
            (struct locate_record){.data = body->records[i].data, .size = body->records[i].len};
    }
    if (locate_on_answer(service->locate, client->key, message->request_id, records,
                         body->n_records, env_wall_ms(&service->base->env), now) &&
        service->mesh != NULL) {
        for (size_t i = 0; i < body->n_nodes; i++) {
            mesh_on_entry(service->mesh, client->key, body->nodes[i], now);
        }
    }
    outputs_send(service, now);
}

void presence_on_error(struct presence_service *service, const struct relay_client *client,
                       const Ziglan__Control *message, struct mono now)
{
    if ((message->request_id & LOCATE_ID_FLAG) == 0) {
        return;
    }
    if (message->error->code == VERDICT_NOT_FOUND) {
        (void)locate_on_answer(service->locate, client->key, message->request_id, NULL, 0,
                               env_wall_ms(&service->base->env), now);
    } else {
        locate_on_failed(service->locate, client->key, message->request_id, now);
    }
    outputs_send(service, now);
}

void presence_on_word(struct presence_service *service, const struct dgram *in, struct mono now)
{
    uint8_t key[KEY_SIZE];
    struct located located;
    struct word word;

    if (presence_words_asked(&service->words, in, key, &word, now)) {
        service->base->counters.locates_of_relays++;
        own_find(service, key, &located, now);
        presence_words_answer(&service->words, in, &word, &located);
        word_wipe(&word);
    }
}

/* A word has no room to say where a relay is that we do not know. */
static bool knows_relays(const struct presence_service *service, const struct locate_record *list,
                         size_t count)
{
    struct presence_record record;
    struct node_found found;
    bool knows = true;

    for (size_t i = 0; i < count; i++) {
        knows = knows && (presence_record_read(&record, list[i].data, list[i].size) != ERR_OK ||
                          mesh_find(service->mesh, record.relay, &found));
    }
    return knows;
}

void presence_on_word_answer(struct presence_service *service, const struct dgram *in,
                             struct mono now)
{
    struct locate_record records[PRESENCE_PER_KEY_MAX];
    uint8_t body[WORD_BODY_SIZE_MAX];
    struct presence_word asked;
    size_t count = 0;

    if (!presence_words_answered(&service->words, in, &asked, body, records, &count)) {
        return;
    }
    presence_seats_on_reached(&service->seats, asked.to);
    if (knows_relays(service, records, count)) {
        (void)locate_on_answer(service->locate, asked.to, asked.request_id, records, count,
                               env_wall_ms(&service->base->env), now);
    } else {
        question_send(service, asked.to, asked.key, asked.request_id, now);
    }
    outputs_send(service, now);
}

/* Who did not answer a word may do so over a session. */
static void words_send_again(struct presence_service *service, struct mono now)
{
    struct presence_word asked;

    while (presence_words_over(&service->words, &asked, now)) {
        if (locate_owes(service->locate, asked.to, asked.request_id)) {
            question_send(service, asked.to, asked.key, asked.request_id, now);
        }
    }
}

/* Without any session it may be this relay that reaches nobody. */
static bool reaches_others(const struct presence_service *service)
{
    const struct neighbour_table *table = &service->base->neighbours;
    const struct neighbour *neighbour = neighbour_next(table, NULL);

    while (neighbour != NULL && neighbour->state != NEIGHBOUR_STATE_OPEN) {
        neighbour = neighbour_next(table, neighbour);
    }
    return neighbour != NULL;
}

void presence_on_neighbour(struct presence_service *service, const struct neighbour_event *event,
                           struct mono now)
{
    const struct neighbour *neighbour = event->neighbour;

    if (event->type == NEIGHBOUR_EVENT_OPEN) {
        presence_seats_on_reached(&service->seats, neighbour->key);
        return;
    }
    if (!neighbour->opened && neighbour->dialled && reaches_others(service)) {
        presence_seats_on_unreached(&service->seats, neighbour->key, now);
        announcer_unreached(service->announcer, neighbour->key, now);
    }
    locate_on_gone(service->locate, neighbour->key, now);
    outputs_send(service, now);
}

/* ---- time ---- */

void presence_expire(struct presence_service *service, struct mono now)
{
    words_send_again(service, now);
    locate_expire(service->locate, env_wall_ms(&service->base->env), now);
    outputs_send(service, now);
    presence_seats_keep(&service->seats, now);
    announcer_on_seats(service->announcer, hrw_seat_count(service->seats.hrw), now);
    announcing_send(service->base, &service->seats, service->announcer, now);
    if (mono_due(service->sweep_at, now)) {
        service->sweep_at = mono_add_ms(now, SWEEP_MS);
        presence_table_expire(service->table, now);
    }
}

struct mono presence_deadline(const struct presence_service *service)
{
    struct mono at =
        mono_min(locate_deadline(service->locate), announcer_deadline(service->announcer));

    at = mono_min(at, presence_words_deadline(&service->words));
    if (announcer_count(service->announcer) > 0) {
        at = mono_min(at, presence_seats_deadline(&service->seats));
    }
    return presence_table_stats(service->table)->records > 0 ? mono_min(at, service->sweep_at) : at;
}
