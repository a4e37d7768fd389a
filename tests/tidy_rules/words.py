# SPDX-License-Identifier: GPL-3.0-or-later
"""The table of words: docs/architecture.md, section "Words that are not used".

    | instead of | we say | where |
    | probe, probes | path ping | client/path, client/peer; except: NAT probe, NGTCP2_* |

Each word (or words) of the first cell is a finding in comments and in identifiers of C files, also
as part of an identifier between underscores, and in strings that are names: of an event of the log
("relay.ready") or a label of a metric (reason="busy"). `where` names the paths in which that is so
(nothing: everywhere) and, behind "except:", the phrases, identifiers and paths (those with a slash)
that are right all the same."""
import re

RULES = {
    "words": 'a word that docs/architecture.md, "Words that are not used", replaces by another',
}
DOCUMENT = "docs/architecture.md"
NAMES = re.compile(r'"[a-z_]+(?:\.[a-z_]+)+"|\b[a-z_]+=\\"[a-z_]+\\"')
LETTERS = re.compile("[a-z]+")
HEADING = "## Words that are not used"


class Word:
    """One row of the table."""

    def __init__(self, cells):
        words = [word.strip().lower() for word in cells[0].replace("`", "").split(",")]
        where, _, exceptions = cells[2].replace("`", "").partition("except:")
        self.forbidden = [word for word in words if word]
        self.instead = cells[1]
        self.where = [path.strip() for path in where.strip(" ;").split(",") if path.strip()]
        exceptions = [text.strip() for text in exceptions.split(",") if text.strip()]
        self.but_not = [text for text in exceptions if "/" in text]
        self.exceptions = [re.escape(text).replace(r"\*", r"\w*").replace(r"\ ", r"[\s_*]+")
                           for text in exceptions if "/" not in text]
        self.shape = re.compile("|".join(
            r"(?<![A-Za-z])" + re.sub(r"\\ |_", r"[\\s_*]+", re.escape(word))
            + r"(?![a-z])" for word in self.forbidden), re.I)
        self.allowed = re.compile(
            r"(?<![A-Za-z])(?:" + "|".join(self.exceptions) + r")(?![A-Za-z])", re.I) \
            if self.exceptions else None

    def applies_to(self, path):
        return not path.startswith(tuple(self.but_not)) and \
            (not self.where or path.startswith(tuple(self.where)))

    def may_be_in(self, letters):
        """False if one of these words is surely not in a text with these runs of letters."""
        return any(letters.issuperset(LETTERS.findall(word)) for word in self.forbidden)

    def uses(self, text):
        """Match of each use in a text, exceptions left out."""
        allowed = [match.span() for match in self.allowed.finditer(text)] if self.allowed else []
        for match in self.shape.finditer(text):
            if not any(first <= match.start() and match.end() <= last for first, last in allowed):
                yield match


def table(root):
    """The rows, or None if the document has no such section."""
    path = root / DOCUMENT
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    _, found, section = text.partition(HEADING + "\n")
    if not found:
        return None
    words = []
    for line in re.split(r"^## ", section, maxsplit=1, flags=re.M)[0].splitlines():
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        is_row = line.startswith("|") and len(cells) == 3
        if is_row and cells[0] != "instead of" and cells[0].strip("- "):
            words.append(Word(cells))
    return words or None


def names_in_strings(text):
    """The text with all but the names of events and labels as spaces, lines kept."""
    out, at = [], 0
    for match in NAMES.finditer(text):
        out += [re.sub(r"[^\n]", " ", text[at:match.start()]), match.group()]
        at = match.end()
    return "".join(out)


def check(root, sources):
    """Findings of all files; returns findings that belong to no source."""
    words = table(root)
    if words is None:
        return [(DOCUMENT, 1, "words", f'there is no table below "{HEADING}"')]
    for source in sources:
        if not source.is_c:
            continue
        letters = set(LETTERS.findall(source.text.lower()))
        near = [word for word in words if word.applies_to(source.path) and word.may_be_in(letters)]
        comments = source.text_of_comments() if near else ""
        names = names_in_strings(source.text) if near else ""
        for word in near:
            lines = {}
            for text in (source.code, comments, names):
                for match in word.uses(text):
                    lines.setdefault(text.count("\n", 0, match.start()) + 1, match.group())
            for line, use in sorted(lines.items()):
                source.report("words", line, f"{' '.join(use.split())}: we say {word.instead}")
    return []
