/* SPDX-License-Identifier: GPL-3.0-or-later */
/* By the ioctl that every kernel has for one switch, because it asks for no list of names. */
#include "proto/doctor/offloads.h"

#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

enum offload { OFFLOAD_OFF, OFFLOAD_ON, OFFLOAD_UNKNOWN };

static enum offload ask(const char *interface, uint32_t command)
{
    struct ethtool_value value = {.cmd = command};
    struct ifreq request = {.ifr_data = (char *)&value};
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    enum offload answer = OFFLOAD_UNKNOWN;

    (void)snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", interface);
    if (fd >= 0 && ioctl(fd, SIOCETHTOOL, &request) == 0) {
        answer = value.data != 0 ? OFFLOAD_ON : OFFLOAD_OFF;
    }
    if (fd >= 0) {
        (void)close(fd);
    }
    return answer;
}

void offloads_device(struct findings *findings, const char *interface)
{
    enum offload in, out;

    if (interface[0] == '\0') {
        return;
    }
    in = ask(interface, ETHTOOL_GGRO);
    out = ask(interface, ETHTOOL_GGSO);
    if (in == OFFLOAD_OFF || out == OFFLOAD_OFF) {
        findings_add(findings, "trains", FINDING_NOTE,
                     "%s has %s off, so each packet goes its way alone, which is slower", interface,
                     out != OFFLOAD_OFF  ? "generic-receive-offload"
                     : in != OFFLOAD_OFF ? "generic-segmentation-offload"
                                         : "generic-receive-offload and "
                                           "generic-segmentation-offload");
        findings_command(findings, "sudo ethtool -K %s%s%s", interface,
                         in == OFFLOAD_OFF ? " gro on" : "", out == OFFLOAD_OFF ? " gso on" : "");
    } else if (in == OFFLOAD_ON && out == OFFLOAD_ON) {
        findings_add(findings, "trains", FINDING_OK, "%s joins and splits packets", interface);
    }
}

void offloads_tunnel(struct findings *findings, const char *interface)
{
    enum offload tcp = ask(interface, ETHTOOL_GTSO);

    if (tcp == OFFLOAD_OFF) {
        findings_add(findings, "tunnel", FINDING_NOTE,
                     "%s gets TCP in single packets, which is slower", interface);
        findings_command(findings, "sudo ethtool -K %s tso on", interface);
    } else if (tcp == OFFLOAD_ON) {
        findings_add(findings, "tunnel", FINDING_OK, "%s gets TCP in large pieces", interface);
    }
}
