#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Does what a guide says, on the machines of the lab.

    play.py GUIDE MACHINES

GUIDE is a Markdown file. In its blocks of ```console a line `me@laptop:~$ COMMAND` is a command of
that user on that machine; a line that ends with a backslash goes on. What stands below it, up to
the next command, must be among what the command prints, in that order, and the command must
succeed:

* a line `...` stands for any lines, and so does what is left out at the end;
* keys, tokens, addresses, numbers and blanks may differ, and # begins a remark behind two blanks;
* a line that begins with ziglan:// below a command that ends with a lone - is what the reader
  pastes: the URL that a command printed last.

MACHINES has a line for each machine: its name and the process in whose namespaces it is. Commands
that need the archive (apt) use this machine's network. Commands that only look are given again for
20 s until they show what the guide shows, as a reader would do.
"""

import os
import re
import subprocess
import sys
import time

PROMPT = re.compile(r"^(\w[\w-]*)@([\w-]+):~[$#] (.*)$")
ARCHIVE = re.compile(r"^(sudo )?apt(-get)? ")
LOOKS = re.compile(
    r"^(sudo )?(ping |getent |ziglan (status|peers|ping|relays|doctor|netcheck)"
    r"|relayd (status|members|doctor|nodes)|systemctl (is-active|status) |podman (logs|exec) )"
)
# The archive's name is looked up where this machine asks, and not by the resolver of the machine of
# the lab, which has no way out.
RESOLVER = """file=$(readlink -m /etc/resolv.conf)
[ ! -e /run/systemd/resolve ] || mount -t tmpfs tmpfs /run/systemd/resolve
mkdir -p "${file%/*}"
[ -e "$file" ] || : >"$file"
printf %s "$0" >/run/archive-resolv.conf
mount --bind /run/archive-resolv.conf "$file"
exec "$@"
"""
PATIENCE_S = 20
STEP_S = 300
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


class Step:
    """One command with the lines that the guide shows below it."""

    def __init__(self, line, user, machine, command):
        self.line, self.user, self.machine, self.command = line, user, machine, command
        self.shown = []


def steps_of(path):
    """The steps of a guide, in its order."""
    steps, inside = [], False
    for number, line in enumerate(open(path, encoding="utf-8"), 1):
        line = line.rstrip("\n")
        if line.startswith("```"):
            inside = line == "```console"
            continue
        if not inside:
            continue
        prompt = PROMPT.match(line)
        if prompt:
            steps.append(Step(number, *prompt.groups()))
        elif steps and steps[-1].command.endswith("\\"):
            steps[-1].command = steps[-1].command[:-1] + line.lstrip()
        elif steps:
            steps[-1].shown.append(line)
    return steps


def pattern_of(line):
    """What a printed line must look like to be the shown one."""
    line = re.sub(r"\s{2,}# .*$", "", line).strip()
    text = re.escape(line)
    text = re.sub(r"(\\ )+", r"\\s+", text)
    text = re.sub(r"\b[a-z2-7]{52}\b", "[a-z2-7]{52}", text)
    text = re.sub(r"\b[a-z2-7]{26}\b", "[a-z2-7]{26}", text)
    text = re.sub(r"\bfd[0-9a-f]{2}:[0-9a-f:]+", "[0-9a-f:]+", text)
    text = re.sub(r"[0-9]+(\\\.[0-9]+)*(?![^{]*\})(?![^\[]*\])", "[0-9.]+", text)
    return re.compile(text.replace(r"\.\.\.", ".*"))


def unmet(shown, printed):
    """The first shown line that was not printed behind the ones before it, or None."""
    lines, at = printed.splitlines(), 0
    for want in shown:
        if want.strip() in ("", "..."):
            continue
        pattern = pattern_of(want)
        while at < len(lines) and not pattern.search(lines[at]):
            at += 1
        if at == len(lines):
            return want
        at += 1
    return None


def enter(pid, own_network):
    """The words that lead into a machine."""
    flags = ["-m", "-p", "-u", "-i", "-C", "-r", "-w"] + (["-n"] if own_network else [])
    return ["nsenter", "-t", str(pid), *flags, "env", "-i", "PATH=" + PATH, "TERM=dumb"]


def give(step, pid, pasted):
    """Give the command once. Returns the exit code and what it printed."""
    archive = ARCHIVE.match(step.command)
    words = enter(pid, not archive)
    command = step.command
    if archive:
        resolver = open("/etc/resolv.conf", encoding="utf-8").read()
        words += ["DEBIAN_FRONTEND=noninteractive"]
        words += ["unshare", "-m", "bash", "-c", RESOLVER, resolver]
        command = command.replace("apt install", "apt-get -q -y install")
        command = command.replace("sudo ", "sudo --preserve-env=DEBIAN_FRONTEND ", 1)
    shell = ["runuser", "-u", step.user, "--", "env", "HOME=" + home_of(step.user),
             "bash", "-c", "cd && " + command]
    done = subprocess.run(words + shell, input=pasted, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, timeout=STEP_S, text=True, check=False)
    return done.returncode, done.stdout


def home_of(user):
    return "/root" if user == "root" else "/home/" + user


def play(step, pid, url):
    """Do one step. Returns what it printed; None, after saying why, if the guide is wrong."""
    shown, pasted = step.shown, ""
    if shown and re.search(r" -(\s|$)", step.command) and shown[0].startswith("ziglan://"):
        shown, pasted = shown[1:], (url or "") + "\n"
    end = time.monotonic() + (PATIENCE_S if LOOKS.match(step.command) else 0)
    while True:
        code, printed = give(step, pid, pasted)
        missing = unmet(shown, printed)
        if code == 0 and missing is None:
            return printed
        if time.monotonic() >= end:
            break
        time.sleep(0.5)
    print(f"NOT OK  line {step.line}: {step.command}")
    print(f"        exit code {code}" + (f"; not shown: {missing}" if missing else ""))
    for line in printed.splitlines()[-25:]:
        print("        | " + line)
    return None


def main():
    guide, places = sys.argv[1:3]
    pids = dict(line.split() for line in open(places, encoding="utf-8"))
    steps, url = steps_of(guide), None
    if not steps:
        print(f"NOT OK  {guide} has no commands")
        return 1
    for step in steps:
        if step.machine not in pids:
            print(f"NOT OK  line {step.line}: there is no machine {step.machine}")
            return 1
        began = time.monotonic()
        printed = play(step, pids[step.machine], url)
        if printed is None:
            return 1
        found = re.findall(r"^\s*(ziglan://\S+)", printed, re.M)
        url = found[0] if found else url
        took = time.monotonic() - began
        print(f"ok      {step.machine}: {step.command}  ({took:.1f} s)", flush=True)
    return 0


if __name__ == "__main__":
    os.environ["LC_ALL"] = "C"
    sys.exit(main())
