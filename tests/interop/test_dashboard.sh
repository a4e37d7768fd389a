#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# The dashboard is one by Grafana's own schema, which npm hands out. Grafana itself is neither there
# nor in Debian.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/../.."
command -v npm >/dev/null || { echo "skipped: npm is not installed"; exit 77; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
(cd "$work" && echo '{"private": true}' >package.json &&
    timeout 120 npm install --no-audit --no-fund --ignore-scripts --cache "$work/cache" \
        @grafana/schema@13.2.3 ts-json-schema-generator@2.4.0 ajv@8.20.0) >"$work/npm" 2>&1 ||
    { echo "skipped: no schema to be had"; tail -3 "$work/npm"; exit 77; }
node tests/interop/dashboard_schema.mjs "$work" deploy/monitoring/relayd-dashboard.json
