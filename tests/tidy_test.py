#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Shows that tests/tidy and the PURE of cmake/room.cmake find the faults they are made for.

Each rule of tidy gets small trees with one planted fault; exactly that rule must find it. Other
trees look similar but are right; no rule may find anything there. For PURE there is a small CMake
project with a room that links or calls what a pure room must not.

    tests/tidy_test.py [--verbose]
"""
import concurrent.futures
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

TESTS = pathlib.Path(__file__).resolve().parent
SPDX = "/* SPDX-License-Identifier: GPL-3.0-or-later */\n"
OPENING = SPDX + "/* This file is here to be looked at by a test. */\n"

# A tree in which no rule finds anything.
CLEAN = {
    "README.md": "# A tree\n\n`docs/architecture.md` names the rooms.\n",
    "docs/architecture.md": """# Architecture

## Words that are not used

| instead of | we say | where |
| --- | --- | --- |
| volley, volleys | burst | |
| entry | row | client; except: entry point*, RTM_ENTRY*, client/way |
| pair_session, of whom | noise_session | proto, client/path |

## Rooms
""",
    "proto/base/err.h": OPENING + """#pragma once

/** What went wrong, as text. */
const char *err_name(int code);
""",
    "proto/base/err.c": OPENING + """#include "proto/base/err.h"

const char *err_name(int code)
{
    return code == 0 ? "ok" : "wrong";
}
""",
    "client/path/path.h": OPENING + """#pragma once

/** True if the path can be used. */
int path_usable(int path);
""",
    "client/path/path.c": OPENING + """#include "client/path/path.h"

#include "proto/base/err.h"

int path_usable(int path)
{
    return err_name(path) != 0;
}
""",
    "client/main.c": OPENING + """#include "client/path/path.h"

int main(void)
{
    return path_usable(0);
}
""",
    "tests/run": "#!/bin/bash\n# SPDX-License-Identifier: GPL-3.0-or-later\n",
}

CMAKE = "# SPDX-License-Identifier: GPL-3.0-or-later\n"
PATH_H, PATH_C = CLEAN["client/path/path.h"], CLEAN["client/path/path.c"]
ERR_H, ERR_C = CLEAN["proto/base/err.h"], CLEAN["proto/base/err.c"]
MAIN_C = CLEAN["client/main.c"]


READMES = {
    "README.md": "# A tree\n\n```\n$ make all # it\nmade\n```\n\n## Quick start\n\n"
                 "```\n$ run\n$ run fast\n```\n",
}


def in_path(line):
    """path.c with this line added to its function."""
    return {"client/path/path.c": PATH_C.replace("{\n", "{\n    " + line + "\n")}


def struct(fields, before=""):
    """path.h with a struct of so many fields, and the text `before` in front of it."""
    body = "".join(f"    int field_{i};\n" for i in range(fields))
    return {"client/path/path.h": PATH_H + f"\n{before}struct path {{\n{body}}};\n"}


def module(name, includes, body):
    """NAME.h and NAME.c. They have one function, the last part of NAME with _do, and this body."""
    short = name.rpartition("/")[2]
    return {
        f"{name}.h": OPENING + f"#pragma once\n\n/** Does it. */\nint {short}_do(int n);\n",
        f"{name}.c": OPENING + f'#include "{name}.h"\n\n'
        + "".join(f'#include "{other}.h"\n' for other in includes)
        + f"\nint {short}_do(int n)\n{{\n    return {body};\n}}\n",
    }


def used(*names):
    """A main.c that calls the function of each of these modules."""
    includes = "".join(f'#include "{name}.h"\n' for name in names)
    calls = "".join(f" + {name.rpartition('/')[2]}_do(0)" for name in names)
    return {"client/main.c": MAIN_C.replace("#include", includes + "#include", 1)
            .replace("path_usable(0)", "path_usable(0)" + calls)}


LEFT, RIGHT = "client/path/left", "client/path/right"
CALLED_BACK = {**module(LEFT, [RIGHT], "right_do(n)"), **used(LEFT),
               f"{RIGHT}.h": module(RIGHT, [], "")[f"{RIGHT}.h"],
               f"{RIGHT}.c": module(RIGHT, [], "n == 0 ? left_do(n) : n")[f"{RIGHT}.c"]
               .replace("\n\nint", "\n\nint left_do(int n);\n\nint", 1)}

# rule -> [(name, files that differ from the clean tree; None removes a file)]
PLANTED = {
    "include-circle": [
        ("two headers", {
            f"{LEFT}.h": OPENING + f'#pragma once\n\n#include "{RIGHT}.h"\n',
            f"{RIGHT}.h": OPENING + f'#pragma once\n\n#include "{LEFT}.h"\n'}),
        ("a .c file and another's header", {
            **module(LEFT, [RIGHT], "n"), **used(LEFT),
            f"{RIGHT}.h": OPENING + f'#pragma once\n\n#include "{LEFT}.h"\n'}),
    ],
    "call-circle": [
        ("without an include", CALLED_BACK),
        ("through a table of functions", {
            **CALLED_BACK, f"{RIGHT}.c": CALLED_BACK[f"{RIGHT}.c"].replace(
                "n == 0 ? left_do(n) : n", "((int (*const[])(int)){left_do})[0](n)")}),
    ],
    "layers": [
        ("upwards", {"proto/base/err.c": ERR_C + '#include "client/tunnel/packet.h"\n'}),
        ("across", {"client/path/path.c": PATH_C + '#include "client/tunnel/packet.h"\n'}),
        ("a pure room and the host", {
            "client/path/path.c": PATH_C + '#include "proto/host/pump.h"\n'}),
        ("not from the root", {"client/path/path.c": PATH_C + '#include "path.h"\n'}),
    ],
    "foreign": [
        ("QUIC outside the link", {
            "client/path/path.c": PATH_C + "#include <ngtcp2/ngtcp2.h>\n"}),
    ],
    "pure": [("the room of paths", {
        "client/path/CMakeLists.txt": CMAKE + "ziglan_room(path SOURCES path.c LINKS base)\n"})],
    "columns": [
        ("code", in_path("/* " + "a" * 100 + " */")),
        ("a test", {"tests/unit/test_path.c": OPENING + "/* " + "a" * 100 + " */\n"}),
        ("a script", {"tests/run": CLEAN["tests/run"] + "# " + "a" * 100 + "\n"}),
    ],
    "file-length": [
        ("production code", {"client/path/path.c": PATH_C + "/* */\n" * 600}),
        ("a test", {"tests/unit/test_path.c": OPENING + "/* */\n" * 800}),
    ],
    "function-length": [
        ("a function", {"client/path/path.c": PATH_C.replace("{\n", "{\n" + "\n" * 70)}),
    ],
    "struct-fields": [
        ("lines", struct(21)),
        ("declarators and a union", {
            "client/path/path.h": PATH_H + "\nstruct path {\n    int a, b, c, d, e, f, g, h, i;\n"
            "    int j;\n    union {\n        int k, l, m, n, o, p, q, r, s;\n        char t[2];\n"
            "        int (*u)(int, int);\n    };\n};\n"}),
    ],
    "banned": [("sprintf", in_path("sprintf(text, format);"))],
    "clock": [
        ("a clock", in_path("clock_gettime(CLOCK_MONOTONIC, &now);")),
        ("random numbers", in_path("randombytes_buf(bytes, 8);")),
    ],
    "log-number": [("a reason", in_path('trace("path.closed", "reason=%d", 3);'))],
    "spdx": [("no licence", {
        "client/path/path.h": PATH_H.replace(SPDX, "")})],
    "opening": [
        ("none", {"client/path/path.h": PATH_H.replace(OPENING, SPDX)}),
        ("behind the includes", {"client/path/path.c": SPDX + PATH_C.replace(OPENING, "")
                                 .replace("\n\nint", "\n\n/* Says what it is for. */\nint")}),
        ("no sentence", {"client/main.c": MAIN_C.replace(OPENING, SPDX + "/* main */\n")}),
        ("a test", {"tests/unit/test_path.c": SPDX + "#include <stdio.h>\n"}),
    ],
    "leftover": [("a note", in_path("/* TO" + "DO: more */"))],
    "docstring": [
        ("none", {"client/path/path.h":
                  PATH_H.replace("/** True if the path can be used. */\n", "")}),
        ("an enum", {"client/path/path.h": PATH_H + "\nenum kind path_usable(int path);\n"}),
    ],
    "readme": [("a folder that is gone", {"README.md": "`client/gone/` is a room.\n"})],
    "early-reader": [("grep", {"tests/run": CLEAN["tests/run"] + "ls | grep -q a\n"})],
    "own-header": [
        ("none", {"client/path/path.h": None, "client/path/way.h": PATH_H, "client/path/path.c":
                  PATH_C.replace("path/path.h", "path/way.h"),
                  "client/main.c": MAIN_C.replace("path/path.h", "path/way.h")}),
        ("declared elsewhere", {
            "client/path/path.h": OPENING + "#pragma once\n", "client/path/way.h": PATH_H,
            "client/path/path.c": PATH_C.replace("path/path.h", "path/way.h"),
            "client/main.c": MAIN_C.replace("path/path.h", "path/way.h")}),
        ("declares what nobody defines", {
            "client/path/path.h": PATH_H + "\n/** Gone. */\nvoid path_gone(void);\n"}),
    ],
    "struct-name": [("a private one and a public one", {
        **struct(1), "proto/base/err.c": ERR_C + "\nstruct path {\n    int n;\n};\n"})],
    "unused": [
        ("by nobody", {"client/main.c": MAIN_C.replace("return path_usable(0)", "return 0")}),
        ("by a test only", {
            "client/main.c": MAIN_C.replace("return path_usable(0)", "return 0"),
            "tests/unit/test_path.c": MAIN_C}),
        ("by its own file only", {
            "client/main.c": MAIN_C.replace("return path_usable(0)", "return 0"),
            "client/path/path.c": PATH_C.replace("err_name(path) != 0",
                                                 "err_name(path) != 0 && path_usable(0)")}),
    ],
    "reference": [
        ("to a file", in_path("/* As in client/path/gone.h. */")),
        ("to a heading", in_path('/* The rooms (docs/architecture.md,\n     * "Houses"). */')),
        ("to a section", in_path("/* See docs/architecture.md, section 3. */")),
        ("to a passage of another section", {
            **in_path('/* See docs/protocol.md, section 2, "Pings". */'),
            "docs/protocol.md": "## 1. Paths\n\n**Pings.** They go.\n\n## 2. Frames\n"}),
        ("a link to a file", {"docs/use.md": "[This](gone.md) says it.\n"}),
        ("a link to a heading", {"docs/use.md": "[This](architecture.md#houses) says it.\n"}),
        ("a link within a document", {"docs/use.md": "# Use\n\n[Below](#usage) more.\n"}),
    ],
    "translation": [
        ("another command", {**READMES, "README.zh.md": "```\n$ make some\n```\n"}),
        ("a command is missing", {**READMES, "docs/quickstart.zh.md": "```\n$ run\n```\n"}),
        ("a command too many", {**READMES, "README.zh.md": "```\n$ make all\n$ rm x\n```\n"}),
    ],
    "words": [
        ("a comment", in_path("/* The second volley is late. */")),
        ("part of an identifier", in_path("int PATH_VOLLEY_MAX = 1;")),
        ("a test", {"tests/unit/test_path.c": OPENING + "/* Two volleys. */\n"}),
        ("in the paths named", in_path("int entry = 1;")),
        ("two words, over two lines", in_path("/* The peer, of\n     * whom it says nothing. */")),
        ("two parts", in_path("int a_pair_session_count = 1;")),
        ("the name of an event", in_path('const char *text = "path.volley";')),
        ("a label of a metric", in_path('const char *text = "reason=\\"volley\\"";')),
        ("no table", {"docs/architecture.md": "# Architecture\n"}),
    ],
    "tidy-ok": [
        ("no reason", struct(20, "/* tidy-ok: struct-fields */\n")),
        ("nothing to silence", in_path("int a = 1; /* tidy-ok: banned it is ours */")),
        ("no such rule", in_path("int a = 1; /* tidy-ok: taste it is ours */")),
    ],
}

# (name, files that differ from the clean tree); no rule finds anything in these trees.
SILENT = [
    ("the clean tree", {}),
    ("an include downwards, twice", {
        **module(LEFT, [RIGHT], "right_do(n)"), **module(RIGHT, [], "n"), **used(LEFT, RIGHT)}),
    ("a private header includes the public one, both are included by both files", {
        **module(LEFT, [RIGHT, LEFT + "_internal"], "right_do(n)"),
        **module(RIGHT, [LEFT + "_internal"], "n"), **used(LEFT),
        LEFT + "_internal.h": OPENING + f'#pragma once\n\n#include "{LEFT}.h"\n'}),
    ("a circle with a reason", {
        **CALLED_BACK, f"{RIGHT}.c": CALLED_BACK[f"{RIGHT}.c"].replace(
            "left_do(n) : n;", "left_do(n) : n; /* tidy-ok: call-circle it recurses by design */")
        .replace("left_do(int n);", "left_do(int n); /* tidy-ok: call-circle the same */")}),
    ("a static function with the name of another file's", {
        **CALLED_BACK, f"{RIGHT}.c": CALLED_BACK[f"{RIGHT}.c"].replace(
            "int left_do(int n);", "static int left_do(int n)\n{\n    return n;\n}")}),
    ("a port and the file of one system", {
        "client/platform/tun.h": module("client/platform/tun", [], "n")["client/platform/tun.h"],
        "client/platform/linux/tun_linux.c":
        module("client/platform/tun", [], "n")["client/platform/tun.c"],
        **used("client/platform/tun")}),
    ("a header of structs only", {"client/path/way.h": OPENING + "#pragma once\n"}),
    ("a large struct with a reason",
     struct(21, "/* tidy-ok: struct-fields these are the protocol's own */\n")),
    ("twenty fields", struct(20)),
    ("a long test", {"tests/unit/test_path.c": OPENING + "/* */\n" * 700}),
    ("used later", {
        "client/main.c": MAIN_C.replace("return path_usable(0)", "return 0"),
        "client/path/path.h": PATH_H.replace("be used.", "be used. Later: the mesh asks.")}),
    ("a twin for tests", {
        "client/main.c": MAIN_C.replace("return path_usable(0)", "return 0"),
        "client/path/path.h": PATH_H.replace("This file", "For tests: this file")}),
    ("words that are right", {
        **in_path("/* An entry\n     * point, RTM_ENTRY_GET, and the volleyball of a sentry. */"),
        "client/way.h": OPENING + "/* entry */\n",
        "proto/base/err.c": ERR_C.replace("{\n", "{\n    /* entry */\n")}),
    ("references that are right", {
        **in_path('/* See client/path/path.h, client/path/pa*, "Rooms" (docs/architecture.md,\n'
                  '     * "Rooms"), docs/protocol.md, section 1, "Pings", tests/run. */'),
        "docs/protocol.md": "## 1. Paths `of old`\n\n**Pings.** They [go](#1-paths-of-old) "
                            "[there](architecture.md#rooms).\n"}),
    ("translations that are right", {
        **READMES, "README.zh.md": "# X\n\n```\n$ make all  # 全部\n```\n",
        "docs/quickstart.zh.md": "```\n$ run\n$ run fast  # 快\n```\n"}),
    ("a shell that is not pure", {
        "proto/host/CMakeLists.txt": CMAKE + "ziglan_room(host SOURCES host.c)\n",
        "client/path/CMakeLists.txt": CMAKE + "ziglan_room(path PURE SOURCES path.c)\n"}),
    ("a word in a string", in_path('const char *text = "A volley. The next.";')),
    ("an event that is right", {
        "client/path/path.c": PATH_C.replace("{\n", '{\n    const char *text = "path.usable";\n')}),
    ("siblings share a docstring", {"client/path/path.h": PATH_H.replace(
        "int path_usable(int path);", "int path_usable(int path);\nint path_usable(int path);")}),
    ("a banned name as a field", in_path("env->random(env);")),
]


def write(root, files):
    for name, text in files.items():
        if text is not None:
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")


def tidy_on(files):
    """Run tidy on the clean tree in which these files replace its own. Returns the rules that found
    something, and all that was printed."""
    with tempfile.TemporaryDirectory() as folder:
        write(pathlib.Path(folder), {**CLEAN, **files})
        done = subprocess.run([sys.executable, TESTS / "tidy", "--new", "--root", folder],
                              capture_output=True, text=True, check=False)
        rules = re.findall(r"^[^ ]+:\d+: \[([a-z-]+)\]", done.stdout, re.M)
        if done.returncode != (1 if rules else 0):
            rules.append(f"exit status {done.returncode}")
        return rules, done.stdout + done.stderr


def check_tidy(report):
    out = subprocess.run([TESTS / "tidy", "--list"], capture_output=True, text=True, check=True)
    listed = {line.split()[0] for line in out.stdout.splitlines()}
    report("each rule has an example", listed == set(PLANTED), f"{listed ^ set(PLANTED)}")
    cases = [(f"{rule}: {name}", {rule}, files)
             for rule, planted in PLANTED.items() for name, files in planted]
    cases += [(f"silent: {name}", set(), files) for name, files in SILENT]
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        for (name, want, _), (rules, out) in zip(cases, pool.map(
                lambda case: tidy_on(case[2]), cases)):
            report(name, set(rules) == want, out)


PROJECT = {
    "CMakeLists.txt": """cmake_minimum_required(VERSION 3.25)
project(pure LANGUAGES C)
set(CMAKE_BUILD_TYPE None)
add_library(ziglan_mode INTERFACE)
add_library(ziglan_warnings INTERFACE)
add_library(lib::sodium INTERFACE IMPORTED GLOBAL)
add_library(lib::mnl INTERFACE IMPORTED GLOBAL)
add_library(lib::ldns INTERFACE IMPORTED GLOBAL)
include(${ROOM})
add_subdirectory(host)
add_subdirectory(low)
add_subdirectory(client/names)
add_subdirectory(high)
""",
    "host/CMakeLists.txt": "ziglan_room(host SOURCES host.c)\n",
    "host/host.c": "#include <time.h>\nlong host_now(void) { return time(0); }\n",
    "low/CMakeLists.txt": "ziglan_room(low PURE SOURCES low.c LINKS lib::sodium "
                          "MAY_CALL low.c:abort)\n",
    "low/low.c": "#include <stdlib.h>\nint low(int n) { if (n < 0) { abort(); } return n; }\n",
    "client/names/CMakeLists.txt": "ziglan_room(names PURE SOURCES names.c LINKS low lib::ldns)\n",
    "client/names/names.c": "int names(void) { return 1; }\n",
    "high/CMakeLists.txt": """add_library(generated STATIC high.c)
target_link_libraries(generated ${BELOW_GENERATED})
ziglan_room(high PURE SOURCES high.c LINKS low generated ${LINK})
""",
    "high/high.c": "int low(int n);\nint high(int n) { return low(n); }\n",
}

# (name, options of CMake, text of high.c or None for the usual one,
#  part of the error or None if the project must build)
PURITY = [
    ("a pure room", [], None, None),
    ("it links host", ["-D", "LINK=host"], None,
     "the room high is PURE and must not link host (high -> host): a pure room links pure rooms"),
    ("it links mnl", ["-D", "LINK=lib::mnl"], None,
     "the room high is PURE and must not link lib::mnl"),
    ("it links the library of another room", ["-D", "LINK=lib::ldns"], None,
     "the room high is PURE and must not link lib::ldns"),
    ("it links host through a library that is no room", ["-D", "BELOW_GENERATED=host"], None,
     "the room high is PURE and must not link host (high -> generated -> host)"),
    ("it calls a clock", [],
     "#include <time.h>\nint high(void) { struct timespec t; return clock_gettime(0, &t); }\n",
     "the room high is PURE, but high.c uses clock_gettime: a pure room makes no system call"),
    ("it calls a hardened read, and a socket", [],
     "long __read_chk(int, char *, long, long);\nint socket(int, int, int);\n"
     "long high(char *a) { return __read_chk(socket(1, 2, 0), a, 1, 1); }\n",
     "high.c uses __read_chk, high.c uses socket: a pure room makes no system call"),
    ("it may call only what its own file may", [],
     PROJECT["low/low.c"].replace("int low", "int high"),
     "the room high is PURE, but high.c uses abort"),
]


def check_purity(report):
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder)
        write(root, PROJECT)
        generator = ["-G", "Ninja"] if shutil.which("ninja") else []
        for name, options, text, want in PURITY:
            (root / "high/high.c").write_text(text or PROJECT["high/high.c"], encoding="utf-8")
            done = subprocess.run(
                ["cmake", "-S", root, "-B", root / "build", *generator, "-D", "LINK=",
                 "-D", "BELOW_GENERATED=", "-D", f"ROOM={TESTS.parent / 'cmake/room.cmake'}",
                 *options],
                capture_output=True, text=True, check=False)
            if done.returncode == 0:
                done = subprocess.run(["cmake", "--build", root / "build"],
                                      capture_output=True, text=True, check=False)
            said = " ".join((done.stdout + done.stderr).split())
            report(f"pure: {name}", (done.returncode != 0 and want in said) if want
                   else done.returncode == 0, said)


def main():
    failed = []

    def report(name, is_ok, said):
        if not is_ok:
            failed.append(name)
            print(f"FAILED {name}\n{said}")
        elif "--verbose" in sys.argv[1:]:
            print(f"ok     {name}")

    check_tidy(report)
    check_purity(report)
    print(f"{len(failed)} failed" if failed else "tidy finds what it is for")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
