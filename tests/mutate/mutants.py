"""Finds what can be changed in a C file, one small mistake at a time, and writes the file with all of them in it.

A mutant is a number. In the file that mutate() returns, each place that can be changed asks MUTANT(n): so one build holds
all mutants, and the environment says which of them is alive (mutant.h).
"""
import dataclasses
import re

import clang.cindex
from clang.cindex import CursorKind as Kind

# What only says something, or only helps: a caller that leaves it out is not wrong.
HARMLESS = {"compiler_barrier", "cpu_relax", "prefetch_for_write", "bin_prefetch", "transaction_prefetch", "log_write", "check_failed"}
RELATIONS = {"<": "<=", "<=": "<", ">": ">=", ">=": ">", "==": "!=", "!=": "=="}
# Structures in shared memory. The order of two stores matters if others, or a successor, can see both.
SHARED = {"block", "span", "ring", "end", "event", "journal", "committed", "tally", "slot", "stage_memory"}
STORES = ("_store_", "journal_decide", "event_wake", "ring_wake", "end_", "block_", "syscall", "wake", "span_", "au64_swap")


@dataclasses.dataclass
class Edit:
    """Replaces text[start:end] by `before` + the text within, itself edited + `after`."""

    start: int
    end: int
    before: str
    after: str


@dataclasses.dataclass
class Mutant:
    number: int
    file: str
    line: int
    function: str
    what: str
    text: str

    def key(self):
        """What names it in the list of equivalent ones: no line, as those move."""
        return f"{self.file}: {self.function}: {self.what}: {self.text}"


class File:
    def __init__(self, path, name, arguments, first):
        self.name = name
        self.data = open(path, "rb").read()
        self.number = first
        self.mutants = []
        self.edits = []
        self.function = ""
        options = clang.cindex.TranslationUnit.PARSE_DETAILED_PROCESSING_RECORD
        unit = clang.cindex.Index.create().parse(path, args=arguments, options=options)
        errors = [str(d) for d in unit.diagnostics if d.severity >= clang.cindex.Diagnostic.Error]
        if errors:
            raise RuntimeError("\n".join(errors))
        # A CHECK is about our own mistakes: without it they are found later.
        self.checks = [
            self.range(c)
            for c in unit.cursor.get_children()
            if c.kind == Kind.MACRO_INSTANTIATION and c.spelling == "CHECK" and self.is_here(c)
        ]
        for cursor in unit.cursor.get_children():
            if cursor.kind == Kind.FUNCTION_DECL and cursor.is_definition() and self.is_here(cursor):
                self.function = cursor.spelling
                for child in cursor.get_children():
                    if child.kind == Kind.COMPOUND_STMT:
                        self.visit(child)

    def is_here(self, cursor):
        return cursor.location.file is not None and cursor.location.file.name.endswith(self.name)

    def range(self, cursor):
        return cursor.extent.start.offset, cursor.extent.end.offset

    def text(self, start, end):
        without_comments = re.sub(r"/\*.*?\*/", "", self.data[start:end].decode(), flags=re.S)
        return " ".join(without_comments.split())

    def add(self, cursor, what, text):
        number = self.number
        self.number += 1
        self.mutants.append(Mutant(number, self.name, cursor.extent.start.line, self.function, what, text))
        return number

    # ---- expressions ----

    def choose(self, start, end, number, instead):
        """The expression, or another in its place if the mutant is alive."""
        self.edits.append(Edit(start, end, f"(MUTANT({number}) ? ({instead}) : (", "))"))

    def condition(self, cursor, may_be_true):
        start, end = self.range(cursor)
        if not self.is_in_file(cursor):
            return
        text = self.text(start, end)
        self.choose(start, end, self.add(cursor, "never", text), "0")
        if may_be_true:
            self.choose(start, end, self.add(cursor, "always", text), "1")

    def is_in_file(self, cursor):
        """False for what a macro expands to: its text is not here."""
        start, end = self.range(cursor)
        return end > start and cursor.extent.start.file is not None and self.is_here(cursor)

    def operator(self, cursor, left, right):
        between = self.data[left.extent.end.offset : right.extent.start.offset].decode()
        words = [w for w in between.replace("(", " ").replace(")", " ").split() if not w.startswith("/")]
        return words[0] if words else ""

    def binary(self, cursor):
        left, right = list(cursor.get_children())
        start, end = self.range(cursor)
        operator = self.operator(cursor, left, right)
        text = self.text(start, end)
        a = self.data[slice(*self.range(left))].decode()
        b = self.data[slice(*self.range(right))].decode()
        if operator in RELATIONS:
            other = RELATIONS[operator]
            self.choose(start, end, self.add(cursor, f"{operator} is {other}", text), f"({a}) {other} ({b})")
        elif operator in ("&&", "||"):
            self.choose(start, end, self.add(cursor, f"{operator} without the right", text), a)
            self.choose(start, end, self.add(cursor, f"{operator} without the left", text), b)
        elif operator in ("+", "-") and b == "1":
            self.choose(start, end, self.add(cursor, f"{operator} 1 left out", text), a)

    # ---- statements ----

    def is_in_shared_memory(self, target):
        """What the last pointer on the way to it points to: t->journal->claim[i].mark is in a journal."""
        while target is not None:
            children = list(target.get_children())
            below = children[0] if children else None
            if below is not None and below.type.get_canonical().kind == clang.cindex.TypeKind.POINTER:
                pointee = below.type.get_canonical().get_pointee().get_canonical().spelling
                return pointee.replace("struct ", "").replace("const ", "") in SHARED
            target = below
        return False

    def is_store(self, cursor):
        if cursor.kind in (Kind.BINARY_OPERATOR, Kind.COMPOUND_ASSIGNMENT_OPERATOR):
            return self.is_in_shared_memory(next(cursor.get_children()))
        return cursor.kind == Kind.CALL_EXPR and any(s in self.text(*self.range(cursor)) for s in STORES)

    def is_expression(self, cursor):
        return cursor.kind in (
            Kind.CALL_EXPR,
            Kind.BINARY_OPERATOR,
            Kind.COMPOUND_ASSIGNMENT_OPERATOR,
            Kind.UNARY_OPERATOR,
        )

    def statement_end(self, cursor):
        return self.data.index(b";", cursor.extent.end.offset) + 1

    def is_harmless(self, cursor):
        return cursor.kind == Kind.CALL_EXPR and cursor.spelling in HARMLESS

    def leave_out(self, cursor):
        # The call within a CHECK stands for it.
        if any(start <= cursor.extent.start.offset < end for start, end in self.checks):
            return
        if not self.is_expression(cursor) or self.is_harmless(cursor) or not self.is_in_file(cursor):
            return
        start, end = cursor.extent.start.offset, self.statement_end(cursor)
        number = self.add(cursor, "left out", self.text(start, end))
        self.edits.append(Edit(start, end, f"{{ if (!MUTANT({number})) {{ ", " } }"))

    def swap(self, first, second):
        if not (self.is_store(first) and self.is_store(second) and self.is_in_file(first) and self.is_in_file(second)):
            return
        start, end, late = first.extent.start.offset, self.statement_end(first), self.statement_end(second)
        number = self.add(first, "swapped", self.text(start, late))
        self.edits.append(Edit(start, end, f"{{ if (!MUTANT({number})) {{ ", " } }"))
        self.edits.append(Edit(late, late, f" {{ if (MUTANT({number})) {{ {self.data[start:end].decode()} }} }}", ""))

    def compound(self, cursor):
        children = list(cursor.get_children())
        stores = [c for c in children if not self.is_harmless(c)]
        for first, second in zip(stores, stores[1:]):
            self.swap(first, second)
        for child in children:
            self.leave_out(child)

    def visit(self, cursor):
        if any(start <= cursor.extent.start.offset < end for start, end in self.checks):
            return
        kind = cursor.kind
        children = list(cursor.get_children())
        if kind == Kind.COMPOUND_STMT:
            self.compound(cursor)
        elif kind == Kind.IF_STMT:
            self.condition(children[0], True)
            for body in children[1:]:
                self.leave_out(body)
        elif kind == Kind.WHILE_STMT:
            self.condition(children[0], False)
            self.leave_out(children[-1])
        elif kind == Kind.FOR_STMT:
            self.leave_out(children[-1])
        elif kind == Kind.CONDITIONAL_OPERATOR and self.is_in_file(cursor):
            self.condition(children[0], True)
        elif kind == Kind.BINARY_OPERATOR and self.is_in_file(cursor):
            self.binary(cursor)
        elif kind == Kind.RETURN_STMT and children and self.text(*self.range(children[0])) in ("0", "1"):
            value = self.text(*self.range(children[0]))
            number = self.add(cursor, "other result", f"return {value}")
            self.choose(*self.range(children[0]), number, "1" if value == "0" else "0")
        for child in children:
            self.visit(child)

    # ---- the file with all of them ----

    def mutated(self):
        """Edits nest or are apart."""
        kept = sorted(self.edits, key=lambda e: (e.start, -e.end))
        inserts = []
        for depth, edit in enumerate(kept):
            inserts.append((edit.start, 1, depth, edit.before))
            inserts.append((edit.end, 0, -depth, edit.after))
        out, at = [], 0
        for position, _, _, text in sorted(inserts, key=lambda i: (i[0], i[1], i[2])):
            out.append(self.data[at:position].decode())
            out.append(text)
            at = position
        out.append(self.data[at:].decode())
        return "".join(out)
