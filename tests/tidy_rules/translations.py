# SPDX-License-Identifier: GPL-3.0-or-later
"""Documents in two languages show the same commands in the same order."""
import re

RULES = {
    "translation": "a translated document shows other commands than the English text",
}
QUICK_START = "## Quick start"
# The translation, what it translates, and whether that is the quick start or all the rest.
PAIRS = [("README.zh.md", "README.md", False), ("docs/quickstart.zh.md", "README.md", True)]


def commands(lines):
    """(line number, in the quick start, command) of each prompt in a block of code."""
    block = quick = False
    for number, line in enumerate(lines, 1):
        if line.startswith("```"):
            block = not block
        elif not block and line.startswith("## "):
            quick = line.rstrip() == QUICK_START
        elif block and line.startswith("$ "):
            yield number, quick, re.sub(r"\s+#\s.*", "", line[2:]).strip()


def check(texts):
    """texts: the documents, by source.Source."""
    by_path = {text.path: text for text in texts}
    for path, english, quick in PAIRS:
        if path not in by_path or english not in by_path:
            continue
        wanted = [command for _, is_quick, command in commands(by_path[english].lines)
                  if is_quick == quick]
        shown = list(commands(by_path[path].lines))
        for place, (number, _, command) in enumerate(shown):
            if place >= len(wanted) or command != wanted[place]:
                says = f'"{wanted[place]}"' if place < len(wanted) else "nothing more"
                by_path[path].report("translation", number, f"{english} has {says} here")
                break
        else:
            if len(shown) < len(wanted):
                by_path[path].report("translation", len(by_path[path].lines),
                                     f'"{wanted[len(shown)]}" of {english} is missing')
