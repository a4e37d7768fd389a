#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# A default route by a router's address alone is bound to a tunnel whose network has that address,
# even if the router's own network was configured first; and it stays there without that network.
#
# Seen on Linux 6.18. One expects the interface in whose network the router was told, or that the
# route follows the router. The kernel looks for the router once, by the most specific route of
# scope "link", and that is what it makes of a tunnel's address and its prefix length. A route of
# scope "global" to the same addresses is not looked at.
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
need_root
[ -c /dev/net/tun ] || cannot "no /dev/net/tun"

ns=$(finding_netns a)
printf 'kernel: %s\n' "$(uname -r)"
ip -n "$ns" link add e0 type veth peer name e1
ip -n "$ns" link set e1 up
ip -n "$ns" link set e0 up
ip -n "$ns" addr add 100.64.0.9/10 dev e0
ip -n "$ns" tuntap add dev t0 mode tun
ip -n "$ns" link set t0 up
default() { ip -n "$ns" route show default | sed 's/.* dev \([^ ]*\).*/\1/'; }

ip -n "$ns" addr add 100.64.7.7/16 dev t0
ip -n "$ns" route add default via 100.64.0.1
expect "the default route with the tunnel's own route" t0 "$(default)"
ip -n "$ns" route del 100.64.0.0/16 dev t0
expect "the default route after that one is gone" t0 "$(default)"
ip -n "$ns" route del default
ip -n "$ns" route add 100.64.0.0/16 dev t0 scope global
ip -n "$ns" route add default via 100.64.0.1
expect "the default route with one of scope global" e0 "$(default)"
finding_end
