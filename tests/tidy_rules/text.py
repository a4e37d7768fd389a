# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules about one file: its form, its length, the calls it must not make, its includes."""
import re

from tidy_rules import rooms

COLUMNS_MAX = 100
FILE_LINES_MAX = 600
TEST_FILE_LINES_MAX = 800
FUNCTION_LINES_MAX = 70
STRUCT_FIELDS_MAX = 20

RULES = {
    "layers": "an include goes up or across (LAYERS in tests/tidy_rules/rooms.py)",
    "foreign": "a foreign library is included outside the room that owns it",
    "pure": "a room that is no shell (LAYERS again) is not PURE in its CMakeLists.txt: nothing "
            "checks its links and its symbols",
    "columns": f"a line has more than {COLUMNS_MAX} columns",
    "file-length": f"a source file has more than {FILE_LINES_MAX} lines, "
                   f"a test more than {TEST_FILE_LINES_MAX}",
    "function-length": f"a function has more than {FUNCTION_LINES_MAX} lines",
    "struct-fields": f"a struct has more than {STRUCT_FIELDS_MAX} fields",
    "banned": "a function that has no safe use here",
    "clock": "time or randomness is taken outside proto/host (it is a parameter everywhere else)",
    "log-number": "the log speaks of a code in a number: nobody knows it; write its name",
    "spdx": "the first two lines have no SPDX-License-Identifier: GPL-3.0-or-later",
    "opening": "a .c or .h file does not begin with a sentence that says what it is for",
    "leftover": "a note to do something later",
    "docstring": "a public function in a header has no docstring before it, nor before the block "
                 "it stands in",
    "early-reader": "a pipe into grep -q or head: it ends at once, the writer dies of SIGPIPE now "
                    "and then, and pipefail takes that for a failure (use says, <<<, or sed -n 1p)",
}

BANNED = ("strcpy strcat sprintf vsprintf strtok atoi atol atoll atof sscanf gets rand srand "
          "system popen alloca").split()
CLOCKS = ("time gettimeofday clock_gettime clock localtime gmtime random srandom drand48 getrandom "
          "arc4random getentropy ev_now randombytes_buf randombytes_random "
          "randombytes_uniform").split()
BANNED_CALL = re.compile(r"(?<![\w.>])(" + "|".join(BANNED) + r")\s*\(")
CLOCK_CALL = re.compile(r"(?<![\w.>])(" + "|".join(CLOCKS) + r")\s*\(")

LOG_NUMBER = re.compile(r'"[^"]*\b(reason|code|error|state|verdict|ok|clean|member|dialled)'
                        r'=%l*[diux]')

# In two halves, so that this file does not find itself.
LEFTOVER = re.compile(r"\b(FIX" + r"ME|TO" + r"DO|XX" + r"X|HA" + r"CK)\b")
EARLY_READER = re.compile(r"(?<!\|)\|\s*(head\b|grep\s+-[a-zA-Z]*q)")
STRUCT = re.compile(r"\b(?:struct|union)\b[ \t]*(\w*)\s*(?:[A-Z_]+(?:\([^)]*\))?\s*)?\{")


def check_layers(source):
    for number, quoted, name in source.includes:
        target = rooms.room_of(name)
        if quoted and "/" not in name and name != "ziglan_version.h":
            source.report("layers", number, f'write "{name}" from the root, with its room')
        if not quoted or not target or target in (source.room, *rooms.LAYERS[source.room]):
            continue
        source.report("layers", number, f"{source.room} must not know {name}")


def check_foreign(source):
    for number, _, name in source.includes:
        for pattern, owners in rooms.FOREIGN.items():
            if re.match(pattern, name) and source.room not in owners:
                source.report("foreign", number, f"{name} belongs to {', '.join(owners)}")


def check_pure(source):
    for number, line in enumerate(source.lines, 1):
        match = re.match(r"\s*ziglan_room\(\s*(\w+)(\s+PURE\b)?", line)
        if match and not match.group(2) and not rooms.is_shell(source.room):
            source.report("pure", number, f"write ziglan_room({match.group(1)} PURE ...)")


def check_calls(source):
    for number, line in enumerate(source.code_lines, 1):
        if "(" not in line:
            continue
        for match in BANNED_CALL.finditer(line):
            source.report("banned", number, match.group(1))
        if source.is_ours and source.room != "proto/host":
            for match in CLOCK_CALL.finditer(line):
                # a field or a parameter may be called so: `uint64_t (*random)(...)` does not match
                source.report("clock", number, match.group(1))


def check_log(source):
    for number, line in enumerate(source.lines if source.is_ours else [], 1):
        match = LOG_NUMBER.search(line)
        if match:
            source.report("log-number", number, match.group(1))


def check_lengths(source, lengths):
    most = FILE_LINES_MAX if source.is_ours else TEST_FILE_LINES_MAX
    if len(source.lines) > most:
        source.report("file-length", 1, f"{len(source.lines)} lines")
    for function in source.functions:
        size = function.last - function.first + 1
        lengths.append((size, function.name, f"{source.path}:{function.first}"))
        if size > FUNCTION_LINES_MAX:
            source.report("function-length", function.first, f"{function.name} has {size} lines")


def check_columns(source):
    for number, line in enumerate(source.lines, 1):
        if len(line.expandtabs(8)) > COLUMNS_MAX:
            source.report("columns", number, f"{len(line.expandtabs(8))} columns")


def check_spdx(source):
    if not any("SPDX-License-Identifier: GPL-3.0-or-later" in line for line in source.lines[:2]):
        source.report("spdx", 1, RULES["spdx"])


def check_opening(source):
    text = " ".join(re.sub(r"[/*]+", " ", source.opening()).split())
    if len(text.split()) < 4 or not re.search(r"[.:?!)]( |$)", text):
        source.report("opening", 1, "say in a sentence before the code what this file is for")


def check_leftover(source):
    for number, line in enumerate(source.lines, 1):
        match = LEFTOVER.search(line)
        if match:
            source.report("leftover", number, match.group(1))


def check_early_reader(source):
    before = ""
    for number, line in enumerate(source.lines, 1):
        code = "" if line.lstrip().startswith("#") else line
        piped = before.endswith("|") and not before.endswith("||")
        before = line.rstrip().rstrip("\\").rstrip()
        if code and EARLY_READER.search("|" + code if piped else code):
            source.report("early-reader", number, line.strip())


def check_docstrings(source):
    for declaration in source.declarations:
        if not declaration.docstring:
            source.report("docstring", declaration.line, declaration.name)


def fields_of(body):
    """Number of declarators in the body of a struct, those of structs inside it included."""
    body = re.sub(r"\benum\b[^{};]*\{[^}]*\}", "int", body)
    body = re.sub(r"[{}]", ";", body)
    flat = re.sub(r"\[[^\]]*\]", "", body)
    while re.search(r"\([^()]*\)", flat):
        flat = re.sub(r"\([^()]*\)", "", flat)
    fields = 0
    for part in flat.split(";"):
        part = part.strip()
        if part and not re.fullmatch(r"(const\s+)?(struct|union)(\s+\w+)?", part):
            fields += part.count(",") + 1
    return fields


def check_structs(source):
    """Outermost structs; the fields of a struct inside another one count for the outer."""
    end = 0
    for match in STRUCT.finditer(source.code):
        if match.start() < end:
            continue
        depth = 1
        end = match.end()
        while depth > 0 and end < len(source.code):
            depth += {"{": 1, "}": -1}.get(source.code[end], 0)
            end += 1
        fields = fields_of(source.code[match.end():end - 1])
        if fields > STRUCT_FIELDS_MAX:
            line = source.code.count("\n", 0, match.start()) + 1
            name = match.group(1) or "a struct"
            source.report("struct-fields", line, f"{name} has {fields} fields")


def check(source, lengths):
    """All rules of this file."""
    check_spdx(source)
    check_leftover(source)
    check_columns(source)
    check_lengths(source, lengths)
    if source.path.endswith(".sh") or source.path in rooms.SCRIPTS - {"tests/tidy"}:
        check_early_reader(source)
    if source.path.endswith("CMakeLists.txt") and source.is_ours:
        check_pure(source)
    if source.is_c:
        check_calls(source)
        check_log(source)
        check_opening(source)
    if source.is_c and source.is_ours:
        check_layers(source)
        check_foreign(source)
        check_structs(source)
        if source.is_header:
            check_docstrings(source)
