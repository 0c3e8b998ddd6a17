"""The rules of the house that no linter knows. Each reads the source as it stands."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

from forensics.cli import reference
from forensics.formats import registry

ROOT = Path(__file__).parents[1]
SOURCES = sorted((ROOT / "forensics").rglob("*.py"))
LONGEST_LINES = 400
WORDLESS_NAMES = {"utils", "util", "helpers", "helper", "base", "manager", "data", "misc", "common"}
NOTE_TO_SELF = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b|raise NotImplementedError")
# Nothing that can start a program, run text as code, or load a pickle.
NEVER_CALLED = re.compile(
    r"^(eval|exec|os\.system|os\.popen|os\.exec\w+|os\.spawn\w+|pickle\.\w+|.*\.read_pickle)$"
)
NEVER_IMPORTED = {"pickle", "cPickle", "dill", "joblib", "marshal", "shelve", "torch", "subprocess", "pty"}
TIME_READERS = {"strptime", "to_datetime", "fromisoformat"}
FORBIDDEN_WORDS = re.compile(
    r"\b(proves?|proven|guilty|guilt|certainly|undoubtedly|culprit|perpetrator)\b", re.IGNORECASE
)
WORD_LIST = ROOT / "forensics" / "render" / "forbidden.py"
"""The one file that may hold the forbidden words, because it forbids them in what is printed."""
HOME = re.compile(
    rb"(?<![\w./-])/(?:home|Users|root)/(?!(?:alice|bob|kai|lin|mei|dao|mlteam|git|ana|pavel|chen|olu|visionlab)\b)\w+"
)
"""Somebody's home folder, but for the people of the staged incidents."""


def ident(path):
    return path.relative_to(ROOT).as_posix()


def tree(path):
    return ast.parse(path.read_text(encoding="utf-8"))


def dotted(node):
    """`a.b.c` for a name or a chain of attributes, or nothing."""
    if isinstance(node, ast.Attribute):
        return f"{dotted(node.value)}.{node.attr}"
    return node.id if isinstance(node, ast.Name) else ""


def imported(node):
    if isinstance(node, ast.Import):
        return {alias.name.partition(".")[0] for alias in node.names}
    return {(node.module or "").partition(".")[0]} if isinstance(node, ast.ImportFrom) else set()


def strings(path):
    """The text constants of a module that are not docstrings."""
    module = tree(path)
    docs = {
        id(node.body[0].value)
        for node in ast.walk(module)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)
        and ast.get_docstring(node) is not None
    }
    return [
        (node.lineno, node.value)
        for node in ast.walk(module)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docs
    ]


@pytest.mark.parametrize("path", SOURCES, ids=ident)
def test_a_module_is_named_for_what_it_holds(path):
    assert path.stem not in WORDLESS_NAMES
    assert path.parent.name not in WORDLESS_NAMES


@pytest.mark.parametrize("path", SOURCES, ids=ident)
def test_a_module_says_what_it_is(path):
    assert ast.get_docstring(tree(path)), "no docstring"


@pytest.mark.parametrize("path", SOURCES, ids=ident)
def test_a_module_is_one_thing(path):
    assert len(path.read_text(encoding="utf-8").splitlines()) <= LONGEST_LINES


@pytest.mark.parametrize("path", SOURCES, ids=ident)
def test_no_note_to_self_is_left(path):
    assert not NOTE_TO_SELF.findall(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("path", SOURCES, ids=ident)
def test_no_failure_is_caught_unnamed(path):
    caught = [node.type for node in ast.walk(tree(path)) if isinstance(node, ast.ExceptHandler)]
    names = [dotted(t) for kind in caught for t in (kind.elts if isinstance(kind, ast.Tuple) else [kind])]
    assert not {"", "Exception", "BaseException"} & set(names)


@pytest.mark.parametrize("path", SOURCES, ids=ident)
def test_evidence_cannot_be_run(path):
    """No way to start a program, to run text as code, or to load a pickle is in reach."""
    nodes = list(ast.walk(tree(path)))
    assert not NEVER_IMPORTED & {name for node in nodes for name in imported(node)}
    called = [dotted(node.func) for node in nodes if isinstance(node, ast.Call)]
    assert not [name for name in called if NEVER_CALLED.match(name)]


@pytest.mark.parametrize("path", [p for p in SOURCES if ident(p) != "forensics/core/clock.py"], ids=ident)
def test_written_times_are_read_in_one_place(path):
    called = {
        dotted(node.func).rpartition(".")[2] for node in ast.walk(tree(path)) if isinstance(node, ast.Call)
    }
    assert not TIME_READERS & called


@pytest.mark.parametrize("path", SOURCES, ids=ident)
def test_no_pattern_repeats_a_group_possessively(path):
    """Python 3.11 before 3.11.5 misses matches of such a group; of one character or class it does not."""
    assert not re.findall(r"\)(?:[*+?]|\{[\d,]+\})\+|\(\?>", path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("path", SOURCES, ids=ident)
def test_only_figures_draw(path):
    module = tree(path)
    if "matplotlib" not in {name for node in ast.walk(module) for name in imported(node)}:
        return
    assert path.relative_to(ROOT).as_posix().startswith("forensics/render/figures")
    assert "matplotlib" not in {name for node in module.body for name in imported(node)}, (
        "import it where it draws"
    )


@pytest.mark.parametrize(
    "path", [p for p in SOURCES if p.parent.name in {"render", "analysis"} and p != WORD_LIST], ids=ident
)
def test_nobody_is_judged(path):
    """The program weighs evidence; words of a verdict are the court's."""
    assert not [(line, text) for line, text in strings(path) if FORBIDDEN_WORDS.search(text)]


def declared():
    return [*reference.declared(), *(form.TABLE for form in registry().values())]


@pytest.mark.parametrize("table", declared(), ids=lambda table: table.name)
def test_every_column_says_what_it_means(table):
    assert table.meaning.strip()
    assert [c.name for c in table.columns if not c.meaning.strip()] == []
    assert [c.name for c in table.columns if c.absent is not None and not c.absent.strip()] == []
    assert len(set(table.names)) == len(table.names)


def test_a_unit_ends_the_name_and_is_declared():
    """A column in nanoseconds says so twice: in its name and in its unit."""
    wrong = [
        f"{t.name}.{c.name}"
        for t in declared()
        for c in t.columns
        if c.name.endswith("_ns") and not (c.unit or "").startswith("ns")
    ]
    assert wrong == []


def test_what_reads_evidence_loads_pandas_late():
    """From `core.tabular`: a process that ingests has told Arrow that there is none."""
    stages = ("core", "custody", "formats", "readings", "store", "engine.py")
    paths = [path for path in SOURCES if path.relative_to(ROOT / "forensics").parts[0] in stages]
    found = {ident(p) for p in paths for node in ast.walk(tree(p)) if "pandas" in imported(node)}
    assert len(paths) > 100
    assert found == {"forensics/core/tabular.py"}


def tracked():
    if not (ROOT / ".git").exists():
        pytest.skip("not a git checkout, so nothing says what is tracked")
    names = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True).stdout
    return [ROOT / name for name in names.decode().split("\0") if name]


def test_no_machine_of_ours_shows():
    """A path of the machine it was written on means nothing to anybody else."""
    here = [str(place).encode() + b"/" for place in (ROOT, Path(sys.prefix))]
    shown = []
    for path in tracked():
        if path.is_file() and not ident(path).startswith(("sample_logs/", "tests/golden/")):
            text = path.read_bytes()
            homes = [] if ident(path).startswith("tests/") else HOME.findall(text)
            shown += [(ident(path), found) for found in [*homes, *(place for place in here if place in text)]]
    assert shown == []


def test_every_test_file_asserts():
    silent = [
        path.name
        for path in sorted((ROOT / "tests").rglob("test_*.py"))
        if not any(isinstance(node, ast.Assert) for node in ast.walk(tree(path)))
    ]
    assert silent == []
