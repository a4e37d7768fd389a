#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# A few power cuts; tests/lab/power_cuts does as many as are asked for.
exec "$(dirname "$0")/power_cuts" 4 "$((RANDOM + 1))"
