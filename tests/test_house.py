"""The rules of the house that no linter knows. Each reads the source as it stands."""

import ast
import re
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import NamedTuple

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
# One worker of pytest-xdist runs this file, so that each module is read once.
pytestmark = pytest.mark.xdist_group("house")
WORD_LIST = ROOT / "forensics" / "render" / "forbidden.py"
"""The one file that may hold the forbidden words, because it forbids them in what is printed."""
HOME = re.compile(
    rb"(?<![\w./-])/(?:home|Users|root)/(?!(?:alice|bob|kai|lin|mei|dao|mlteam|git|ana|pavel|chen|olu|visionlab)\b)\w+"
)
"""Somebody's home folder, but for the people of the staged incidents."""


def ident(path):
    return path.relative_to(ROOT).as_posix()


@cache
def text(path):
    return path.read_text(encoding="utf-8")


def tree(path):
    return ast.parse(text(path))


def dotted(node):
    """`a.b.c` for a name or a chain of attributes, or nothing."""
    if isinstance(node, ast.Attribute):
        return f"{dotted(node.value)}.{node.attr}"
    return node.id if isinstance(node, ast.Name) else ""


def imported(node):
    if isinstance(node, ast.Import):
        return {alias.name.partition(".")[0] for alias in node.names}
    return {(node.module or "").partition(".")[0]} if isinstance(node, ast.ImportFrom) else set()


class Said(NamedTuple):
    """What the rules ask of a module.

    imported, first: packages imported anywhere in it, and by its own body.
    called: what is called, as it is written.
    caught: what is caught, as it is written; empty where it is not a name.
    """

    doc: str | None
    imported: frozenset[str]
    first: frozenset[str]
    called: tuple[str, ...]
    caught: tuple[str, ...]


@cache
def said(path):
    """Each module is read once for all rules: to walk through one takes longer than to ask."""
    module = tree(path)
    nodes = list(ast.walk(module))
    kinds = [node.type for node in nodes if isinstance(node, ast.ExceptHandler)]
    return Said(
        ast.get_docstring(module),
        frozenset(name for node in nodes for name in imported(node)),
        frozenset(name for node in module.body for name in imported(node)),
        tuple(dotted(node.func) for node in nodes if isinstance(node, ast.Call)),
        tuple(dotted(t) for kind in kinds for t in (kind.elts if isinstance(kind, ast.Tuple) else [kind])),
    )


def those(broken, paths=tuple(SOURCES)):
    """The modules by which a rule is broken, and how."""
    return {ident(path): found for path in paths if (found := broken(path))}


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


def test_there_are_modules():
    """Without which every rule below would hold."""
    assert len(SOURCES) > 500


def test_a_module_is_named_for_what_it_holds():
    assert those(lambda path: {path.stem, path.parent.name} & WORDLESS_NAMES) == {}


def test_a_module_says_what_it_is():
    assert those(lambda path: not said(path).doc) == {}


def test_a_module_is_one_thing():
    assert those(lambda path: len(text(path).splitlines()) > LONGEST_LINES) == {}


def test_no_note_to_self_is_left():
    assert those(lambda path: NOTE_TO_SELF.findall(text(path))) == {}


def test_no_failure_is_caught_unnamed():
    assert those(lambda path: {"", "Exception", "BaseException"} & set(said(path).caught)) == {}


def test_evidence_cannot_be_run():
    """No way to start a program, to run text as code, or to load a pickle is in reach."""
    assert those(lambda path: NEVER_IMPORTED & said(path).imported) == {}
    assert those(lambda path: [name for name in said(path).called if NEVER_CALLED.match(name)]) == {}


def test_written_times_are_read_in_one_place():
    places = [path for path in SOURCES if ident(path) != "forensics/core/clock.py"]
    assert len(places) == len(SOURCES) - 1
    assert those(lambda p: TIME_READERS & {name.rpartition(".")[2] for name in said(p).called}, places) == {}


def test_no_pattern_repeats_a_group_possessively():
    """Python 3.11 before 3.11.5 misses matches of such a group; of one character or class it does not."""
    assert those(lambda path: re.findall(r"\)(?:[*+?]|\{[\d,]+\})\+|\(\?>", text(path))) == {}


def test_only_figures_draw():
    drawing = [path for path in SOURCES if "matplotlib" in said(path).imported]
    assert drawing
    assert those(lambda path: not ident(path).startswith("forensics/render/figures"), drawing) == {}
    early = those(lambda path: "matplotlib" in said(path).first, drawing)
    assert early == {}, "import it where it draws"


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
    found = {ident(p) for p in paths if "pandas" in said(p).imported}
    assert len(paths) > 100
    assert found == {"forensics/core/tabular.py"}
    # What a function says that it takes or gives is looked up when its module is loaded.
    assert [ident(p) for p in paths if re.search(r"(?:->|:) pd\.", p.read_text(encoding="utf-8"))] == []


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
