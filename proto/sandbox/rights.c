/* SPDX-License-Identifier: GPL-3.0-or-later */
/* By libcap-ng, which knows how many rights this kernel has. */
#include "proto/sandbox/rights.h"

#include <cap-ng.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool writes_what_is_others(const struct sandbox_policy *policy)
{
    struct stat info;

    for (size_t i = 0; i < policy->paths_count; i++) {
        if ((policy->paths[i].use & SANDBOX_USE_WRITE_FLAG) != 0 &&
            stat(policy->paths[i].path, &info) == 0 && S_ISDIR(info.st_mode) &&
            info.st_uid != geteuid()) {
            return true;
        }
    }
    return false;
}

static bool is_kept(const struct sandbox_policy *policy, bool others, int right)
{
    for (size_t i = 0; i < policy->rights_count; i++) {
        if (policy->rights[i] == right) {
            return true;
        }
    }
    return right == CAP_DAC_OVERRIDE && others;
}

static void text_add(char text[SANDBOX_RIGHTS_TEXT_SIZE], int right)
{
    size_t used = strlen(text);

    (void)snprintf(text + used, SANDBOX_RIGHTS_TEXT_SIZE - used, "%s%s", used > 0 ? "," : "",
                   capng_capability_to_name((unsigned)right));
}

static void held_print(char text[SANDBOX_RIGHTS_TEXT_SIZE])
{
    text[0] = '\0';
    if (capng_get_caps_process() != 0) {
        return;
    }
    for (int right = 0; right <= CAP_LAST_CAP; right++) {
        if (capng_have_capability(CAPNG_PERMITTED, (unsigned)right) != 0) {
            text_add(text, right);
        }
    }
}

/* As our unit runs relayd: with one right of little use, or with none. Its filter has no call to
 * give it up, and systemd may kill who makes that call. */
static bool only_low_ports(void)
{
    if (capng_get_caps_process() != 0) {
        return false;
    }
    for (int right = 0; right <= CAP_LAST_CAP; right++) {
        if (right != CAP_NET_BIND_SERVICE &&
            capng_have_capability(CAPNG_PERMITTED, (unsigned)right) != 0) {
            return false;
        }
    }
    return true;
}

bool sandbox_rights_drop(const struct sandbox_policy *policy, char text[SANDBOX_RIGHTS_TEXT_SIZE])
{
    bool others = writes_what_is_others(policy);
    capng_select_t what = CAPNG_SELECT_CAPS;

    text[0] = '\0';
    if (capng_get_caps_process() != 0) {
        return false;
    }
    if (only_low_ports()) {
        held_print(text);
        return true;
    }
    if (capng_have_capability(CAPNG_EFFECTIVE, CAP_SETPCAP) == 1) {
        what = CAPNG_SELECT_BOTH; /* nobody else may change the bounding set */
    }
    for (int right = 0; right <= CAP_LAST_CAP; right++) {
        if (capng_have_capability(CAPNG_PERMITTED, (unsigned)right) == 0) {
            continue;
        }
        if (is_kept(policy, others, right)) {
            text_add(text, right);
        } else {
            (void)capng_update(CAPNG_DROP, CAPNG_EFFECTIVE | CAPNG_PERMITTED | CAPNG_INHERITABLE,
                               (unsigned)right);
            (void)capng_update(CAPNG_DROP, CAPNG_BOUNDING_SET, (unsigned)right);
        }
    }
    if (capng_apply(what) != 0) {
        held_print(text);
        return false;
    }
    if (text[0] == '\0') {
        (void)snprintf(text, SANDBOX_RIGHTS_TEXT_SIZE, "none");
    }
    return true;
}
