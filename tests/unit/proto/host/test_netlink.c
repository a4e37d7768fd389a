/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Questions to the kernel's rtnetlink, one after the other on one socket. */
#include "proto/host/netlink.h"

#include "tests/support/fixture.h"

#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>

/* Ask for the loopback interface. each as for netlink_ask. */
static int ask(struct netlink *netlink, int (*each)(const struct nlmsghdr *, void *), void *context)
{
    struct nlmsghdr *request = netlink_request(netlink, RTM_GETLINK, 0);
    struct ifinfomsg *body = mnl_nlmsg_put_extra_header(request, sizeof(*body));

    body->ifi_family = AF_UNSPEC;
    body->ifi_index = 1;
    return netlink_ask(netlink, request, each, context);
}

static int note_index(const struct nlmsghdr *message, void *context)
{
    if (message->nlmsg_type == RTM_NEWLINK) {
        *(int *)context = ((const struct ifinfomsg *)mnl_nlmsg_get_payload(message))->ifi_index;
    }
    return MNL_CB_OK;
}

static int give_up(const struct nlmsghdr *message, void *context)
{
    (void)message;
    (void)context;
    return MNL_CB_ERROR;
}

/* What is left of it comes before the answer to the next question. */
static void an_answer_that_was_given_up_does_not_spoil_the_next_one(void **state)
{
    struct netlink *netlink;

    (void)state;
    assert_int_equal(netlink_open(&netlink), ERR_OK);
    for (int i = 0; i < 3; i++) {
        int index = 0;

        assert_int_equal(ask(netlink, give_up, NULL), ERR_SYSTEM);
        assert_int_equal(ask(netlink, note_index, &index), ERR_OK);
        assert_int_equal(index, 1);
    }
    netlink_close(netlink);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_answer_that_was_given_up_does_not_spoil_the_next_one),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
