# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules about what comments and documents send a reader to: it exists."""
import re

from tidy_rules import rooms
from tidy_rules.source import Source

RULES = {
    "readme": "the README's map names a file that does not exist",
    "reference": "a comment or a document sends to a file, a passage of a document or a heading "
                 "that does not exist",
}

ROOMS = "|".join(sorted({room.split("/")[0] for room in rooms.LAYERS} | {"tests", "docs"}))
FILE = re.compile(r"(?<![\w/.<-])((?:" + ROOMS + r")/[\w./-]*\w)")
PASSAGE = re.compile(r'(docs/\w+\.md),(?: section (\d+),)? "([^"]+)"')
SECTION = re.compile(r"(docs/\w+\.md), section (\d+)")
LINK = re.compile(r"\]\(([\w./-]*)(?:#([\w-]+))?\)")
ENDINGS = ("", ".c", ".h", ".md", ".sh", ".py")


class Document:
    """The headings of a document as links name them, and its passages: (section, its first words,
    which are a heading or bold)."""

    def __init__(self, text):
        self.anchors = set()
        self.passages = []
        self.sections = set()
        section = None
        for line in re.sub(r"^```.*?^```", "", text, flags=re.S | re.M).splitlines():
            heading = re.match(r"#+\s+(.*)", line)
            number = re.match(r"## (\d+)\.", line)
            if number:
                section = number.group(1)
                self.sections.add(section)
            for words in [heading.group(1)] if heading else re.findall(r"\*\*([^*]+)\*\*", line):
                self.passages.append((section, words.replace("`", "")))
            if heading:
                self._add_anchor(heading.group(1))

    def _add_anchor(self, heading):
        name = re.sub(r"[^\w -]", "", heading.lower()).strip().replace(" ", "-")
        twins = 0
        while (name if twins == 0 else f"{name}-{twins}") in self.anchors:
            twins += 1
        self.anchors.add(name if twins == 0 else f"{name}-{twins}")

    def has(self, section, words):
        return any(words in passage and section in (None, at) for at, passage in self.passages)


class Documents:
    """Those of a tree, each read once."""

    def __init__(self, root):
        self.root = root
        self.known = {}

    def get(self, path):
        """None: there is none."""
        if path not in self.known:
            file = self.root / path
            self.known[path] = Document(file.read_text(encoding="utf-8")) \
                if file.is_file() else None
        return self.known[path]


def is_there(root, name):
    """True for a file, a folder, and what several files begin with; NAME stands for any."""
    if "NAME" in name or any((root / (name + ending)).exists() for ending in ENDINGS):
        return True
    path = root / name
    return path.parent.is_dir() and any(path.parent.glob(path.name + "*"))


def check_comments(source, documents):
    """Of C files."""
    for first, text in source.comments:
        lines = re.sub(r"\n[ \t]*\*?(?=[ \t])", "\n", text)
        for match in FILE.finditer(lines):
            if not is_there(documents.root, match.group(1)):
                source.report("reference", first + lines.count("\n", 0, match.start()),
                              f"{match.group(1)} does not exist")
        joined = re.sub(r"\s+", " ", lines)
        for path, section, words in PASSAGE.findall(joined):
            document = documents.get(path)
            if document and not document.has(section or None, words.rstrip(".,")):
                source.report("reference", first, f'{path} has no passage "{words}" there')
        for path, section in SECTION.findall(joined):
            document = documents.get(path)
            if document and section not in document.sections:
                source.report("reference", first, f"{path} has no section {section}")


def check_links(source, documents):
    """Of a document: links to files, and to headings."""
    folder = (documents.root / source.path).parent
    for number, line in enumerate(source.lines, 1):
        for name, anchor in LINK.findall(line):
            target = (folder / name).resolve() if name else documents.root / source.path
            if not target.exists():
                source.report("reference", number, f"{name} does not exist")
                continue
            if anchor and target.suffix == ".md":
                document = documents.get(target.relative_to(documents.root.resolve())
                                         if name else source.path)
                if anchor not in document.anchors:
                    source.report("reference", number, f"there is no heading #{anchor}")


def check_readme(source, root):
    """Every path in the README's tree or in its code spans that looks like one of ours."""
    tops = {p.name for p in root.iterdir()}
    for number, line in enumerate(source.lines, 1):
        names = re.findall(r"`([\w.][\w./-]*)`", line) + re.findall(r"\]\(([\w.][\w./-]*)\)", line)
        tree = re.match(r"^([\w.][\w.-]*/[\w./-]*)\s{2,}\S", line)
        if tree:
            names.append(tree.group(1))
        for name in names:
            if name.split("/")[0] in tops and "/" in name or re.fullmatch(r"[A-Z]+\.md", name):
                if not name.startswith("build/") and not (root / name).exists():
                    source.report("readme", number, f"{name} does not exist")


def check(root, sources):
    """All rules. Returns the documents, with what was found in them."""
    documents = Documents(root)
    for source in sources:
        check_comments(source, documents)
    paths = [p.relative_to(root).as_posix()
             for p in sorted([*root.glob("*.md"), *root.glob("docs/*.md")])]
    texts = [Source(root, path) for path in paths]
    for text in texts:
        check_links(text, documents)
        if text.path == "README.md":
            check_readme(text, root)
    return texts
