#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# The lifetimes of 10 to 300 s that real NATs have, all at once: test_lifetime.sh with more of them
# (5 minutes).
export LIFETIME_CASES=${LIFETIME_CASES:-10/10 15/15 20/20 30/30 60/60 120/120 300/300 30/120 30/180}
exec bash "$(dirname "$0")/test_lifetime.sh"
