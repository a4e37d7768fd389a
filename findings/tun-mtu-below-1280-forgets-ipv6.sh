#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Setting the MTU of an interface below 1280 and back takes its IPv6 addresses away for good.
#
# Seen on Linux 6.18. One expects the addresses to be back with the MTU: they were set by hand, and
# the interface was never down. The kernel ends IPv6 on the interface below 1280 and begins it anew
# at 1280, as if it had just been made; only what the kernel makes by itself would return.
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
need_root
[ -c /dev/net/tun ] || cannot "no /dev/net/tun"

ns=$(finding_netns a)
printf 'kernel: %s\n' "$(uname -r)"
ip -n "$ns" tuntap add dev t0 mode tun
ip -n "$ns" link set t0 up mtu 1280
ip -n "$ns" addr add 192.0.2.1/24 dev t0
ip -n "$ns" -6 addr add 2001:db8::1/64 dev t0 nodad
count() { ip -n "$ns" "$1" -o addr show dev t0 scope global | wc -l; }

expect "IPv6 addresses at 1280" 1 "$(count -6)"
ip -n "$ns" link set t0 mtu 1279
ip -n "$ns" link set t0 mtu 1280
sleep 0.5
expect "IPv6 addresses after 1279 and 1280 again" 0 "$(count -6)"
expect "IPv4 addresses after that" 1 "$(count -4)"
finding_end
