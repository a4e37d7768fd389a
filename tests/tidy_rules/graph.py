# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules about files together. A unit is NAME.c with NAME.h of the same folder (the file of a port,
as NAME_linux.c, with the port's header). Who uses whom is found by names: a function or object that
is not static has one place in the tree where it is defined; where two programs use one name, the
place is meant whose header the user sees."""
import re

from tidy_rules import rooms

RULES = {
    "include-circle": "files include each other in a circle (NAME.c and NAME.h count as one)",
    "call-circle": "files call each other in a circle (NAME.c and NAME.h count as one)",
    "own-header": "a .c file does not declare what it defines in its own header, or a header "
                  "declares what another file defines",
    "struct-name": "a struct has the name of another one that a header defines",
    "unused": 'no other file of the programs calls it, and its docstring does not say who will: '
              '"Later: ..." (or "For tests: ..." in the opening of a header that is for tests)',
}
IDENTIFIER = re.compile(r"(?<![\w.])(?<!->)(?<!struct )(?<!enum )(?<!union )"
                        r"[A-Za-z_]\w*(?=(\s*\()?)")
OBJECT = re.compile(r"^(?!static|typedef|struct \w+;|extern|#)[\w*][\w\s*]*?\b(\w+)"
                    r"(?:\[[^\]]*\])* *(?:=|;$)")
EXTERN = re.compile(r"^extern\s[^(;]*?\b(\w+)(?:\[[^\]]*\])*;", re.M)


def unit_of(path, paths):
    folder, _, name = path.rpartition("/")
    stem = name.rsplit(".", 1)[0]
    if f"{folder}/{stem}.h" not in paths:
        for below, suffix, above in rooms.PORTS:
            short = stem.removesuffix(suffix)
            if folder == below and short != stem and f"{above}/{short}.h" in paths:
                return f"{above}/{short}"
    return f"{folder}/{stem}"


class Tree:
    """All C files with who includes whom and who defines what."""

    def __init__(self, sources):
        self.sources = {source.path: source for source in sources if source.is_c}
        self.unit = {path: unit_of(path, self.sources) for path in self.sources}
        self.files = {}  # unit -> sources
        for path, unit in self.unit.items():
            self.files.setdefault(unit, []).append(self.sources[path])
        self.seen_headers = {}  # path -> all headers it includes, directly or not
        self.defined = {}  # name -> [path of definition]
        for source in self.sources.values():
            self._index(source)
        self.uses = {}  # (user's unit, owner's unit) -> [(source, line, name)]
        self.used_by = {}  # (path of definition, name) -> {paths}
        for source in self.sources.values():
            self._find_uses(source)

    def _index(self, source):
        for function in source.functions:
            if function.name != "main" and (not function.is_static or source.is_header):
                self._add(function.name, source.path)
        if not source.is_header and source.is_ours:
            depth = 0
            for line in source.code_lines:
                match = OBJECT.match(line) if depth == 0 else None
                if match:
                    self._add(match.group(1), source.path)
                depth += line.count("{") - line.count("}")

    def _add(self, name, path):
        places = self.defined.setdefault(name, [])
        if path not in places:
            places.append(path)

    def headers_seen(self, path):
        if path not in self.seen_headers:
            seen = set()
            todo = [path]
            while todo:
                for _, quoted, name in self.sources[todo.pop()].includes:
                    if quoted and name in self.sources and name not in seen:
                        seen.add(name)
                        todo.append(name)
            self.seen_headers[path] = seen
        return self.seen_headers[path]

    def place_of(self, name, path):
        """The file that defines what `path` means by a name, None if it is not known."""
        places = self.defined[name]
        if path in places:
            return path
        if self.sources[path].is_ours:  # a test may define what programs take from the system
            places = [place for place in places if self.sources[place].is_ours]
        if len(places) > 1:
            seen = {self.unit[header] for header in self.headers_seen(path)}
            near = [place for place in places if self.unit[place] in seen]
            folder = path.rpartition("/")[0]
            near = near or [place for place in places if place.rpartition("/")[0] == folder]
            top = path.split("/")[0] + "/"
            places = near or [place for place in places if place.startswith(top)]
        return places[0] if places else None

    def _code_that_runs(self, source):
        """(line, text) of what can call: all of a .c file, bodies and macros of a header."""
        if not source.is_header:
            yield from enumerate(source.code_lines, 1)
            return
        inside = set()
        for function in source.functions:
            inside.update(range(function.first, function.last + 1))
        macro = False
        for number, line in enumerate(source.code_lines, 1):
            macro = macro or re.match(r"\s*#\s*define", line) is not None
            if macro or number in inside:
                yield number, line
            macro = macro and line.endswith("\\")

    def _find_uses(self, source):
        own = {function.name for function in source.functions if function.is_static}
        for number, line in self._code_that_runs(source):
            for match in IDENTIFIER.finditer(line):
                name = match.group()
                if name not in self.defined or name in own:
                    continue
                if "_" not in name and not match.group(1):  # a variable of that name
                    continue
                place = self.place_of(name, source.path)
                if place is None:
                    continue
                self.used_by.setdefault((place, name), set()).add(source.path)
                user, owner = self.unit[source.path], self.unit[place]
                if user != owner:
                    self.uses.setdefault((user, owner), []).append((source, number, name))

    def includes(self):
        """As uses, of includes. NAME_internal.h, the private half of NAME.h, may include it."""
        edges = {}
        for source in self.sources.values():
            user = self.unit[source.path]
            for number, quoted, name in source.includes:
                owner = self.unit.get(name)
                if quoted and owner and owner not in (user, user.removesuffix("_internal")):
                    edges.setdefault((user, owner), []).append((source, number, name))
        return edges


def circles_of(edges):
    """Strongly connected components of more than one unit (Tarjan, without recursion)."""
    after = {}
    for user, owner in edges:
        after.setdefault(user, []).append(owner)
        after.setdefault(owner, [])
    order, low, stack, on_stack, found = {}, {}, [], set(), []
    for root in sorted(after):
        if root in order:
            continue
        order[root] = low[root] = len(order)
        stack.append(root)
        on_stack.add(root)
        work = [(root, iter(sorted(after[root])))]
        while work:
            unit, rest = work[-1]
            target = next(rest, None)
            if target is not None:
                if target not in order:
                    order[target] = low[target] = len(order)
                    stack.append(target)
                    on_stack.add(target)
                    work.append((target, iter(sorted(after[target]))))
                elif target in on_stack:
                    low[unit] = min(low[unit], order[target])
                continue
            work.pop()
            if work:
                low[work[-1][0]] = min(low[work[-1][0]], low[unit])
            if low[unit] == order[unit]:
                members = set()
                while unit not in members:
                    members.add(stack.pop())
                on_stack -= members
                if len(members) > 1:
                    found.append(members)
    return found


def shortest_circle(members, edges):
    """The units of a shortest way round, in order."""
    best = None
    for start in sorted(members):
        before = {start: None}
        todo = [start]
        for unit in todo:
            for target in sorted(owner for user, owner in edges if user == unit):
                if target == start:
                    way = [unit]
                    while before[way[-1]] is not None:
                        way.append(before[way[-1]])
                    if best is None or len(way) < len(best):
                        best = way[::-1]
                if target not in before:
                    before[target] = unit
                    todo.append(target)
    return best


def report_circles(rule, edges):
    """One finding for each circle, at a place that closes it. A silence takes the use out of the
    graph, if it is part of a circle."""
    for members in circles_of(edges):
        for (user, owner), uses in list(edges.items()):
            if user in members and owner in members:
                edges[user, owner] = [use for use in uses if not use[0].is_silenced(rule, use[1])]
    edges = {edge: uses for edge, uses in edges.items() if uses}
    for members in circles_of(edges):
        inner = {edge: uses for edge, uses in edges.items() if members.issuperset(edge)}
        way = shortest_circle(members, inner)
        steps = []
        for user, owner in zip(way, way[1:] + way[:1]):
            names = sorted({name for _, _, name in inner[user, owner]})
            some = ", ".join(names[:3] + ["..."] * (len(names) > 3))
            steps.append(f"{user} -> {owner} ({some})")
        others = sorted(members - set(way))
        if others:
            steps.append(f"with them in circles: {', '.join(others)}")
        source, line, _ = inner[way[0], way[1]][0]
        source.report(rule, line, f"{len(members)} units: {'; '.join(steps)}")


def facades_of(unit):
    return [header for header, below in rooms.FACADES.items() if below == unit]


def check_own_headers(tree):
    defined_in_unit = {}
    for source in tree.sources.values():
        names = {function.name for function in source.functions}
        defined_in_unit.setdefault(tree.unit[source.path], set()).update(names)
    for unit, files in tree.files.items():
        ours = [source for source in files
                if source.is_ours and not source.path.endswith("/main.c")
                and source.room not in rooms.EXAMPLES]
        declared = set()
        for name in (unit + ".h", unit + "_internal.h", *facades_of(unit)):
            if name in tree.sources:
                declared |= {declaration.name for declaration in tree.sources[name].declarations}
                declared |= set(EXTERN.findall(tree.sources[name].code))
        for source in ours:
            if source.is_header:
                check_header(tree, source, unit, defined_in_unit)
            elif unit + ".h" not in tree.sources:
                source.report("own-header", 1, f"there is no {unit}.h")
            else:
                for function in source.functions:
                    if not function.is_static and function.name not in declared:
                        source.report("own-header", function.first,
                                      f"{unit}.h does not declare {function.name}")


def check_header(tree, header, unit, defined_in_unit):
    whole = rooms.FACADES.get(header.path, unit.removesuffix("_internal"))
    for declaration in header.declarations:
        name = declaration.name
        if name in defined_in_unit[unit] or name in defined_in_unit.get(whole, ()):
            continue
        places = tree.defined.get(name)
        where = f"in {places[0]}" if places else "nowhere"
        header.report("own-header", declaration.line, f"{name} is defined {where}")


def check_struct_names(tree):
    """A file may define what its header only names; two may have a private struct of one name."""
    defined = {}
    for source in tree.sources.values():
        if source.is_ours:
            for match in re.finditer(r"^struct (\w+)\s*\{", source.code, re.M):
                line = source.code.count("\n", 0, match.start()) + 1
                defined.setdefault(match.group(1), []).append((source, line))
    for name, places in defined.items():
        headers = [source.path for source, _ in places if source.is_header]
        for source, line in places if headers else []:
            if source.path != headers[0]:
                source.report("struct-name", line, f"{name} is defined in {headers[0]}")


def check_unused(tree):
    for source in tree.sources.values():
        if not source.is_ours or source.is_header:
            continue
        header = tree.sources.get(tree.unit[source.path] + ".h")
        promised = [tree.sources[above] for above in facades_of(tree.unit[source.path])]
        docstrings = {d.name: d.docstring for file in [header, *promised] if file
                      for d in file.declarations}
        opening = header.opening() if header else ""
        if re.search(r"\bFor tests:|\bLater:", opening):
            continue
        published = {d.name for file in promised if file.path in rooms.PUBLISHED
                     for d in file.declarations}
        for function in source.functions:
            if function.is_static or function.name == "main" or function.name in published:
                continue
            users = {path for path in tree.used_by.get((source.path, function.name), ())
                     if tree.sources[path].is_ours and path != source.path}
            if not users and "Later:" not in docstrings.get(function.name, ""):
                here = len(re.findall(rf"\b{function.name}\b", source.code)) > 1
                source.report("unused", function.first,
                              f"{function.name} is used {'only here' if here else 'by no program'}")


def check(sources):
    tree = Tree(sources)
    report_circles("include-circle", tree.includes())
    report_circles("call-circle", tree.uses)
    check_own_headers(tree)
    check_struct_names(tree)
    check_unused(tree)
