#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# A real Prometheus scrapes relayd, in OpenMetrics, with the alert rules of deploy/monitoring as
# they are; the cases of each alert pass; and what the dashboard asks for is there.
. "$(dirname "$0")/relayd_common.sh"

for program in prometheus promtool python3 curl openssl; do
    if ! command -v $program >/dev/null; then
        echo "skipped: $program is not installed"
        exit 77
    fi
done
here=$(cd "$(dirname "$0")" && pwd)
monitoring=$here/../../deploy/monitoring
for job in relayd ziglan; do
    cp "$monitoring/$job.rules.yml" "$here/$job.rules_test.yml" "$work"
    expect 0 SUCCESS promtool check rules "$work/$job.rules.yml"
    expect 0 SUCCESS promtool test rules "$work/$job.rules_test.yml"
done

make_relay home
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 -subj /CN=localhost \
    -keyout "$work/home/page.key" -out "$work/home/page.pem" 2>/dev/null
printf 'certificate: page.pem\ncertificate_key: page.key\n' >>"$config"
start home

# What asks for OpenMetrics gets it; another parser than Prometheus' is strict about it.
forms_check() { # port families
    curl -sS -m 5 -D "$work/head" -H 'Accept: application/openmetrics-text; version=1.0.0' \
        "http://127.0.0.1:$1/metrics" >"$work/openmetrics.txt" || fail "no metrics"
    grep -qi '^content-type: application/openmetrics-text; version=1.0.0' "$work/head" ||
        fail "not OpenMetrics: $(cat "$work/head")"
    curl -sS -m 5 "http://127.0.0.1:$1/metrics" >"$work/metrics.txt" || fail "no metrics"
    expect 0 "" promtool check metrics <"$work/metrics.txt"
    python3 -c 'import prometheus_client' 2>/dev/null || return
    python3 - "$work/openmetrics.txt" "$2" <<'END' || fail "python3-prometheus-client refuses it"
import sys
from prometheus_client.openmetrics.parser import text_string_to_metric_families
families = list(text_string_to_metric_families(open(sys.argv[1]).read()))
print("ok:", len(families), "families")
sys.exit(len(families) < int(sys.argv[2]))
END
}
forms_check "$metrics" 90

# A host, where one may be: as root, with a TUN device, in the namespace of this test.
host=
if [ "${RELAYD_LOOPBACK:-}" = own ] && [ -c /dev/net/tun ]; then
    host=$(free_port)
    mkdir -p "$work/etc/ziglan"
    echo "metrics: 127.0.0.1:$host" >"$work/etc/ziglan/zig0.yaml"
    url=$(sed -n '/^ziglan:/{p;q}' "$work/home.init")
    export ZIGLAN_ROOT=$work
    "$ZIGLAN_BIN/ziglan" join "$url" >/dev/null 2>&1 || fail "join"
    "$ZIGLAN_BIN/ziglan" up >"$work/host.log" 2>&1 &
    pids+=("$!")
    answers() { curl -sS -m 2 "http://127.0.0.1:$host/metrics"; }
    wait_for 10 says 'ziglan_ziglans{state="joined"} 1' answers ||
        fail "the host does not join: $(cat "$work/host.log")"
    forms_check "$host" 20
fi

web=$(free_port)
cat >"$work/prometheus.yml" <<END
global: {scrape_interval: 1s, evaluation_interval: 1s}
rule_files: [relayd.rules.yml, ziglan.rules.yml]
scrape_configs:
  - job_name: relayd
    static_configs: [{targets: ["127.0.0.1:$metrics"]}]
  - job_name: ziglan
    static_configs: [{targets: [${host:+"127.0.0.1:$host"}]}]
END
prometheus --config.file="$work/prometheus.yml" --storage.tsdb.path="$work/tsdb" \
    --web.listen-address="127.0.0.1:$web" >"$work/prometheus.log" 2>&1 &
prometheus=$!
pids+=("$prometheus")
scraped() {
    says '"instance"' curl -sS -m 2 -G --data-urlencode 'query=count_over_time(up[1m]) >= 3' \
        "http://127.0.0.1:$web/api/v1/query"
}
wait_for 40 scraped || fail "Prometheus scrapes nothing: $(tail -n 5 "$work/prometheus.log")"
python3 "$here/monitoring_check.py" "http://127.0.0.1:$web" relayd \
    "$monitoring/relayd-dashboard.json" "$here"/*.rules_test.yml || fail "see above"

# The alert that must come does.
stop "$pid" || fail "relayd ended badly: $(cat "$work/home.log")"
pending() { says '"alertname":"RelaydDown"' curl -sS -m 2 "http://127.0.0.1:$web/api/v1/alerts"; }
wait_for 20 pending || fail "RelaydDown is not raised"
stop "$prometheus" || fail "Prometheus ended badly: $(tail -n 5 "$work/prometheus.log")"
finish
