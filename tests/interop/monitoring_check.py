#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Asks a real Prometheus, which scrapes a real program, about rules and dashboards.

monitoring_check.py PROMETHEUS_URL JOB DASHBOARD RULES_TEST...

Every alert has a case in the tests of rules, every rule was evaluated, and nothing fires. Each
expression of the dashboard is one that Prometheus takes. Each metric that rules and dashboard name
is there. What the dashboard asks of data source and variables is defined in it.
"""
import json
import re
import sys
import urllib.parse
import urllib.request

base, job, dashboard_path = sys.argv[1:4]
problems = []


def ask(path, **query):
    with urllib.request.urlopen(f"{base}/api/v1/{path}?{urllib.parse.urlencode(query)}") as answer:
        return json.load(answer)["data"]


def metrics_in(expression):
    return set(re.findall(r"\b(?:relayd|ziglan|process)_[a-z0-9_]+", expression))


def panels_of(dashboard):
    for panel in dashboard["panels"]:
        yield panel
        yield from panel.get("panels", [])


dashboard = json.load(open(dashboard_path, encoding="utf-8"))
expressions = []
for panel in panels_of(dashboard):
    for target in panel.get("targets", []):
        expressions.append((panel["title"], target["expr"]))
        if target["datasource"]["uid"] != "${datasource}":
            problems.append(f"{panel['title']}: it is not of the variable datasource")
ids = [panel["id"] for panel in panels_of(dashboard)]
if len(set(ids)) != len(ids):
    problems.append("two panels have one id")
boxes = [panel["gridPos"] for panel in dashboard["panels"]]
for i, a in enumerate(boxes):
    for b in boxes[:i]:
        if (a["x"] < b["x"] + b["w"] and b["x"] < a["x"] + a["w"]
                and a["y"] < b["y"] + b["h"] and b["y"] < a["y"] + a["h"]):
            problems.append(f"panels overlap: {a} and {b}")

known = set(ask("label/__name__/values"))
variables = {v["name"] for v in dashboard["templating"]["list"]}
empty = []
for title, text in expressions:
    for name in re.findall(r"\$\{?([a-z]\w*)", text):
        if name not in variables:
            problems.append(f"{title}: the variable {name} is not defined")
    text = text.replace("$__rate_interval", "1m").replace("$job", job).replace("$instance", ".+")
    try:
        if not ask("query", query=text)["result"] and "rate(" not in text and "> 0" not in text:
            empty.append(f"{title}: nothing for {text}")
    except urllib.error.HTTPError as error:
        problems.append(f"{title}: {text}: {error.read().decode()}")
problems += empty

rules = [rule for group in ask("rules")["groups"] for rule in group["rules"]]
tests = "".join(open(path, encoding="utf-8").read() for path in sys.argv[4:])
for rule in rules:
    if rule["health"] != "ok":
        problems.append(f"{rule['name']}: {rule['health']}: {rule.get('lastError')}")
    if rule["alerts"]:
        problems.append(f"{rule['name']}: it is raised, but all is well: {rule['alerts']}")
    if not re.search(rf'\b{rule["name"]}\b', tests):
        problems.append(f"{rule['name']}: there is no case for it")
    if not {"summary", "description"} <= set(rule["annotations"]):
        problems.append(f"{rule['name']}: it has no summary or no description")
if len(rules) < 16:
    problems.append(f"only {len(rules)} rules were loaded")

programs = {name.split("_")[0] for name in known}
for text in [e for _, e in expressions] + [rule["query"] for rule in rules]:
    for name in metrics_in(text) - known:
        if name.split("_")[0] not in programs:
            continue  # no host runs here
        problems.append(f"there is no metric {name}, but {text}")

for problem in problems:
    print("FAIL:", problem)
print(f"{len(rules)} rules, {len(expressions)} expressions, {len(known)} names")
sys.exit(bool(problems))
