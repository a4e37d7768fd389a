# SPDX-License-Identifier: GPL-3.0-or-later
"""A source file as the rules see it: its lines, its code without comments and strings, its
comments, its functions and declarations, its findings and its silences."""
import pathlib
import re
import subprocess

from tidy_rules import rooms

SKIPPED = re.compile(r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.S)
CPLUSPLUS = re.compile(r"^#ifdef __cplusplus$.*?^#endif$", re.S | re.M)
SILENCE = re.compile(r"tidy-ok:\s*([a-z-]+)\s*(.*?)\s*(\*/|$)")
DECLARATION = re.compile(r"(?!typedef|(?:struct|enum|union)(?: \w+)? *\{|static_assert|extern)"
                         r"[\w\s*]+?\b(\w+)\s*\(")
# Of a rule about a whole file; its silence stands in the first five lines.
WHOLE_FILE = ("file-length", "spdx", "opening", "own-header")


class Function:
    """A function with a body."""

    def __init__(self, name, head, first, last):
        self.name = name
        self.first = first
        self.last = last
        self.is_static = re.search(r"\bstatic\b", head) is not None
        self.is_inline = re.search(r"\binline\b", head) is not None


class Declaration:
    """A function declared in a header, with the docstring that covers it (empty if none)."""

    def __init__(self, name, line, docstring):
        self.name = name
        self.line = line
        self.docstring = docstring


class Source:
    """One file."""

    def __init__(self, root, path):
        self.root = root
        self.path = path
        self.text = (root / path).read_text(encoding="utf-8", errors="replace")
        self.lines = self.text.splitlines()
        self.is_c = path.endswith((".c", ".h"))
        self.is_header = path.endswith(".h")
        self.room = rooms.room_of(path)
        self.is_ours = self.room != ""
        self.comments = []  # (first line, text), of C only
        self.code = self._blank_out() if self.is_c else self.text
        self.code_lines = self.code.splitlines()
        self.found = []
        self.silences = {}
        for number, line in enumerate(self.lines, 1):
            match = SILENCE.search(line)
            if match and not path.startswith("tests/tidy"):
                self.silences[number] = [match.group(1), match.group(2), False]
        self.includes = list(self._includes())
        self.functions = list(self._functions()) if self.is_c else []
        self.declarations = list(self._declarations()) if self.is_header else []

    def _blank_out(self):
        """The text with comments, strings, character constants and what is only for C++ as spaces,
        lines kept."""
        def blank(match):
            skipped = match.group()
            if skipped.startswith("/"):
                self.comments.append((self.text.count("\n", 0, match.start()) + 1, skipped))
            return re.sub(r"[^\n]", " ", skipped)
        code = SKIPPED.sub(blank, self.text)
        return CPLUSPLUS.sub(lambda match: re.sub(r"[^\n]", " ", match.group()), code)

    def _includes(self):
        """(line, quoted, name) of each include."""
        if self.is_c:
            for number, line in enumerate(self.lines, 1):
                match = re.match(r'\s*#\s*include\s+(["<])([^">]+)[">]', line)
                if match:
                    yield number, match.group(1) == '"', match.group(2)

    def _functions(self):
        """The house style puts the opening and the closing brace of a function into column one."""
        start = None
        for number, line in enumerate(self.code_lines, 1):
            if line.startswith("{") and start is None:
                start = number
            elif line.startswith("}") and start is not None:
                head = start - 1
                while head > 1 and re.match(r"[\w\s*(),\[\].]+$", self.code_lines[head - 2]) \
                        and self.code_lines[head - 2].strip():
                    head -= 1
                text = " ".join(self.code_lines[head - 1:start - 1])
                match = re.search(r"(\w+)\s*\(", text)
                if match:
                    yield Function(match.group(1), text, head, number)
                start = None

    def _declarations(self):
        """A declaration at the top level, `type name(...)...;`, has the comment directly before it
        as docstring, or follows without an empty line another one that has: siblings share one."""
        comment_at = {first + text.count("\n"): text for first, text in self.comments}
        depth = 0
        begin = None
        covered = 0  # the last line of a declaration that has a docstring
        shared = ""
        for number, line in enumerate(self.code_lines, 1):
            if depth == 0 and line and not line[0].isspace() and not line.startswith(("#", "}")):
                if begin is None:
                    begin = number
            depth += line.count("{") - line.count("}")
            if begin is None or (depth == 0 and ";" not in line and "}" not in line):
                if begin is not None and not line.strip():
                    begin = None
                continue
            if depth > 0:
                continue
            text = " ".join(self.code_lines[begin - 1:number])
            match = DECLARATION.match(text)
            if match and ";" in text and "{" not in text.split(";")[0]:
                before = comment_at.get(begin - 1, "")
                if re.search(r"\w", before):
                    shared = before
                elif covered != begin - 1:
                    shared = ""
                if shared:
                    covered = number
                yield Declaration(match.group(1), begin, shared)
            begin = None

    def text_of_comments(self):
        """The text with all but comments as spaces, lines kept."""
        parts = []
        at = 0
        for match in SKIPPED.finditer(self.text):
            if match.group().startswith("/"):
                parts.append(re.sub(r"[^\n]", " ", self.text[at:match.start()]) + match.group())
                at = match.end()
        return "".join(parts)

    def opening(self):
        """The text of the first comment (without the licence) if it stands before all code."""
        code = (number for number, line in enumerate(self.code_lines, 1) if line.strip())
        end = next(code, len(self.lines) + 1)
        for first, text in self.comments:
            text = re.sub(r"SPDX-License-Identifier:\s*\S+", "", text)
            if first < end and re.search(r"\w", text):
                return text
        return ""

    def is_silenced(self, rule, line):
        """True if a silence of this rule, with a reason, is on the line or on the one before it."""
        for place in range(1, 6) if rule in WHOLE_FILE else (line, line - 1):
            silence = self.silences.get(place)
            if silence and silence[0] == rule and silence[1]:
                silence[2] = True
                return True
        return False

    def report(self, rule, line, text):
        if not self.is_silenced(rule, line):
            self.found.append((self.path, line, rule, text))

    def report_silences(self, rules):
        for line, (rule, reason, used) in self.silences.items():
            if rule not in rules:
                self.found.append((self.path, line, "tidy-ok", f"there is no rule '{rule}'"))
            elif not reason:
                self.found.append((self.path, line, "tidy-ok", "say why"))
            elif not used:
                self.found.append((self.path, line, "tidy-ok", f"'{rule}' finds nothing here"))


def is_checked(name):
    if name.endswith((".c", ".h", ".sh", ".py", ".proto", ".cmake", "CMakeLists.txt")):
        return True
    return name in rooms.SCRIPTS


def read_all(root):
    """All files of the project that are checked: those that git knows or would know."""
    names = None
    if (root / ".git").exists():
        try:
            names = subprocess.run(
                ["git", "-c", "safe.directory=*", "-C", str(root),
                 "ls-files", "-co", "--exclude-standard"],
                check=True, capture_output=True, text=True).stdout.splitlines()
        except (OSError, subprocess.CalledProcessError):
            names = None
    if names is None:
        names = [str(p.relative_to(root)) for p in pathlib.Path(root).rglob("*")
                 if p.is_file() and p.relative_to(root).parts[0] not in ("build", ".git")]
    return [Source(root, name) for name in sorted(set(names))
            if is_checked(name) and (root / name).is_file()]
