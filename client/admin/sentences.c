/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One sentence for each code. */
#include "client/admin/sentences.h"

#include "client/stun2/seeking.h"
#include "client/ziglan/ziglan_messages.h"
#include "proto/base/wall_text.h"
#include "proto/crypto/key_form.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static const char *const troubles[ZIGLAN_TROUBLE_COUNT] = {
    [ZIGLAN_TROUBLE_NONE] = "",
    [ZIGLAN_TROUBLE_NO_ANSWER] = "the relay does not answer; is its UDP port open?",
    [ZIGLAN_TROUBLE_TLS] = "the TLS handshake with the relay failed",
    [ZIGLAN_TROUBLE_INTERCEPTED] = "TLS is intercepted on this network",
    [ZIGLAN_TROUBLE_WRONG_KEY] =
        "the relay at that address does not belong to this ziglan; ask for a new URL",
    [ZIGLAN_TROUBLE_PROTOCOL] = "what answers there does not speak our protocol",
    [ZIGLAN_TROUBLE_FULL] = "the relay is full; trying again",
    [ZIGLAN_TROUBLE_DELEGATION] =
        "the ziglan's signature for this relay is not in force by this host's clock: set the clock "
        "that is wrong, here or there, or its operator must renew it",
    [ZIGLAN_TROUBLE_SAME_KEY] = "another host with this key took this one's place; trying again in "
                                "a while. Give each host a "
                                "key of its own",
    [ZIGLAN_TROUBLE_REMOVED] =
        "this host was removed from the ziglan; only its operator can let it in again",
};

const char *sentence_of_trouble(const struct ziglan_trouble *trouble, char text[SENTENCE_SIZE])
{
    int64_t ahead_ms = trouble->ahead_ms;

    switch (trouble->code) {
    case ZIGLAN_TROUBLE_CLOCK:
        (void)snprintf(text, SENTENCE_SIZE,
                       "this host's clock is %" PRId64 " minutes %s the relay's; set the one that "
                       "is wrong",
                       (ahead_ms < 0 ? -ahead_ms : ahead_ms) / 60000,
                       ahead_ms < 0 ? "behind" : "ahead of");
        break;
    case ZIGLAN_TROUBLE_REFUSED:
        (void)snprintf(text, SENTENCE_SIZE, "%s", trouble->detail);
        break;
    case ZIGLAN_TROUBLE_BUSY:
        (void)snprintf(text, SENTENCE_SIZE, "%s; trying again",
                       trouble->detail[0] != '\0' ? trouble->detail
                                                  : "the relay said that it is busy: it is full, "
                                                    "or this host came too often");
        break;
    case ZIGLAN_TROUBLE_UNRESOLVED:
        (void)snprintf(text, SENTENCE_SIZE, "the name %.100s does not resolve; trying again",
                       trouble->detail);
        break;
    default:
        (void)snprintf(text, SENTENCE_SIZE, "%s", troubles[trouble->code]);
        break;
    }
    return text;
}

const char *sentence_of_sought(const struct ziglan *ziglan, bool guided, char text[SENTENCE_SIZE])
{
    const struct relay_session *relay = ziglan->entry_point;
    uint32_t unknown_to = relay->sought.unknown_to;

    text[0] = '\0';
    if (ziglan->state != ZIGLAN_STATE_CONNECTING || relay->open ||
        (relay->targets.count == 0 && !seeking_moves(relay))) { /* its name is not resolved yet */
        return text;
    }
    if (relay->targets.count == 0 && !guided) {
        (void)snprintf(text, SENTENCE_SIZE,
                       "this host knows no relay that could be asked where this ziglan is: pin "
                       "one (ziglan relay pin relay://KEY@HOST), or join by a URL with @HOST or "
                       "?relay=KEY@HOST");
    } else if (relay->targets.count == 0 && unknown_to > 0) {
        (void)snprintf(text, SENTENCE_SIZE,
                       "%u %s asked where this ziglan is, and %s: is its relay up, and known to "
                       "others? Its operator sees that by: relayd status",
                       (unsigned)unknown_to, unknown_to == 1 ? "relay was" : "relays were",
                       unknown_to == 1 ? "does not know it" : "none knows it");
    } else if (relay->targets.count == 0) {
        (void)snprintf(text, SENTENCE_SIZE,
                       "no relay that could be asked where this ziglan is answers; trying again. "
                       "Is this host online, and its clock right?");
    } else if (unknown_to > 0 && ziglan->trouble.code == ZIGLAN_TROUBLE_NO_ANSWER) {
        (void)snprintf(text, SENTENCE_SIZE,
                       "the relay does not answer where it was last, and no other relay knows "
                       "where it is now (%u asked); is it up?",
                       (unsigned)unknown_to);
    }
    return text;
}

/* True for "nas-2" if "nas" is wanted: somebody wonders about the number. */
static bool is_numbered(const char *granted, const char *wanted)
{
    size_t size = strlen(wanted);

    return size > 0 && strncmp(granted, wanted, size) == 0 && granted[size] == '-';
}

const char *sentence_of_name(const struct ziglan *ziglan, char text[SENTENCE_SIZE])
{
    const struct ziglan_record *record = &ziglan->record;
    const char *wanted = ziglan_wanted_name(ziglan);
    char key[KEY_SHORT_SIZE];
    char when[WALL_TEXT_SIZE];

    text[0] = '\0';
    (void)key_short(ziglan->name_why.key, key);
    if (record->wanted[0] == '\0' && !is_numbered(record->granted, wanted)) {
        return text; /* the machine's name, for which nobody asked */
    }
    switch (ziglan->name_why.note) {
    case ZIGLAN_NAME_TAKEN:
        (void)snprintf(text, SENTENCE_SIZE,
                       "%s is another member (%s); if that was this host before it was installed "
                       "anew, its operator says: relayd forget %s; relayd rename %s %s",
                       wanted, key, wanted, record->granted, wanted);
        break;
    case ZIGLAN_NAME_FREED:
        (void)snprintf(text, SENTENCE_SIZE,
                       "%s was another member (%s), and is free for others on %.10s, or when the "
                       "operator says: relayd rename %s %s",
                       wanted, key, wall_text(ziglan->name_why.free_ms, when), record->granted,
                       wanted);
        break;
    case ZIGLAN_NAME_RESERVED:
        (void)snprintf(text, SENTENCE_SIZE, "%s is kept for who has an invite for that name",
                       wanted);
        break;
    case ZIGLAN_NAME_AS_WANTED:
    case ZIGLAN_NAME_CHOSEN:
        break;
    }
    return text;
}
