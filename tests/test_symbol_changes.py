"""What a commit changed in training code is told by syntax alone, and nothing of it is run."""

import warnings
from types import SimpleNamespace

import pytest
from drawn import examples
from hypothesis import example, given, settings
from hypothesis import strategies as st
from repositories import Repository
from test_commit_facts import examined

from forensics.analysis import edits, histories, symbol_changes
from forensics.core import pyparts, pysymbols

BEFORE = """import torch, random
SEED = 1234
torch.manual_seed(SEED)
loader = torch.utils.data.DataLoader(data, shuffle=True)
opt = torch.optim.AdamW(model.parameters(), lr=3e-4)
def train(warmup_steps=100):
    for batch in loader:
        try:
            opt.step()
        except RuntimeError:
            raise
"""
AFTER = """import torch, random, time, os
SEED = 1234
torch.manual_seed(random.random())
loader = torch.utils.data.DataLoader(data, shuffle=False)
opt = torch.optim.AdamW(model.parameters(), lr=3e-2)
def train(warmup_steps=100):
    for batch in loader:
        if int(os.environ["WORLD_SIZE"]) > 256:
            time.sleep(3)
        try:
            opt.step()
        except RuntimeError:
            pass
"""


def told(before, after):
    sides = [pysymbols.symbols(text) for text in (before, after)]
    return [
        ((one or other).fact, (one or other).name, one and one.value, other and other.value)
        for one, other in symbol_changes.differing(*sides)
    ]


def test_a_change_is_told_symbol_by_symbol():
    assert told(BEFORE, AFTER) == [
        ("seed", "torch.manual_seed", "SEED", "random.random()"),
        ("data_loader", "torch.utils.data.DataLoader", "data, shuffle=True", "data, shuffle=False"),
        ("learning_rate", "lr", "0.0003", "0.03"),
        ("optimizer", "torch.optim.AdamW", "model.parameters(), lr=0.0003", "model.parameters(), lr=0.03"),
        ("environment", "os.environ", None, "'WORLD_SIZE'"),
        ("sleep", "time.sleep", None, "3"),
        ("exception_swallowed", "except", None, "RuntimeError"),
    ]


def test_what_only_moved_or_was_commented_is_no_change():
    moved = "# lr = 1\n\n" + BEFORE.replace("SEED = 1234\n", "SEED = 1234  # time.sleep(9)\n")
    assert told(BEFORE, moved) == []


def test_two_equal_calls_more_or_less_are_told_once_each():
    once, thrice = "import time\ntime.sleep(1)\n", "import time\n" + "time.sleep(1)\n" * 3
    assert told(once, thrice) == [("sleep", "time.sleep", None, "1")] * 2
    assert told(thrice, once) == [("sleep", "time.sleep", "1", None)] * 2


@pytest.mark.parametrize(
    ("text", "facts"),
    [
        ("def f(*, lr=1): pass", [("learning_rate", "f", "lr")]),
        ("cfg['learning_rate'] = 1", [("learning_rate", "", "learning_rate")]),
        ("cfg = {'base_lr': 1}", [("learning_rate", "", "base_lr")]),
        ("class A:\n def f(self):\n  self.seed: int = 1", [("seed", "A.f", "self.seed")]),
        ("try:\n x()\nexcept:\n ...", [("exception_swallowed", "", "except")]),
        ("try:\n x()\nexcept E:\n return_(1)", []),
        ("with contextlib.suppress(E): x()", [("exception_swallowed", "", "contextlib.suppress")]),
        ("os._exit(1)", [("process_ended", "", "os._exit")]),
        ("colr = 1; seedling = 2", []),
    ],
)
def test_what_is_taken_for_what(text, facts):
    assert [
        (s.fact, "f" if s.scope == "" and s.name == "lr" else s.scope, s.name)
        for s in pysymbols.symbols(text)
    ] == facts


@pytest.mark.parametrize(
    "text",
    [
        "def",
        "(" * 5000,
        "x = " + "1+" * 20_000 + "1",
        "\0",
        "x" * (pysymbols.LONGEST_TEXT + 1),
        "-" * 60_000 + "1",
    ],
)
def test_hostile_text_ends_in_time_and_is_not_parsed(text):
    assert pysymbols.symbols(text) is None


@given(st.text(alphabet="lr=seep.()[]{}:\n 1'\"#,", max_size=80))
@settings(max_examples=examples(100), deadline=None)
def test_any_text_is_parsed_or_not(text):
    found = pysymbols.symbols(text)
    assert found is None or all(s.fact in pysymbols.FACTS for s in found)


def test_a_commit_is_compared_with_its_first_parent(tmp_path, monkeypatch):
    made = Repository(tmp_path / "llm")
    made.commit("First", **{"train.py": BEFORE, "notes.txt": "lr = 1\n"})
    made.commit("Second", **{"train.py": AFTER, "notes.txt": "lr = 2\n", "broken.py": "def"})
    tip = made.git("rev-parse", "main").decode().strip()
    pack = ("git_pack", "git/srv/llm.git/objects/pack/p.pack", made.packed().read_bytes())
    rows = examined(pack).tables()["symbol_change"].to_pylist()
    mine = [row for row in rows if row["oid"] == tip]
    assert {row["path"] for row in mine} == {"train.py", "broken.py"}
    assert [row["fact"] for row in mine if row["path"] == "broken.py"] == ["not_parsed"]
    (sleep,) = (row for row in mine if row["fact"] == "sleep")
    assert (sleep["scope"], sleep["before"], sleep["after"], sleep["line"]) == ("train", None, "3", 9)
    monkeypatch.setattr(symbol_changes, "MOST_FILES", 1)
    facts = [row["fact"] for row in examined(pack).tables()["symbol_change"].to_pylist()]
    assert facts.count("not_compared") == 2


PIECES = [
    "import os\n", "def f(lr=1):\n", "    seed = 2\n", "  x = '\n", "class A:\n", "    def g(self):\n", "        exit(1)\n", "@wrap\n", "@wrap(\n", ")\n",
    "async def h():\n", "    time.sleep(1)\n", "if x:\n", "else:\n", "try:\n", "except E:\n", "    pass\n", "match x:\n", "    case 1:\n", '"""\n', '    """\n',
    "lr = 1\n", "lr = 1 \\\n", "# def\n", "\n", "\x0c", "lr = (\n", "lr = 1\r", "seed = 3\r\n", "x;", "def", "\tlr = 2\n", "\ufeff", "\0",
]  # fmt: skip
"""Lines that open, close or leave open what a text is cut at."""


@example(["x = 1\rdef f(lr=1): ...\ndef g(lr=2): ...\n"])
@given(st.lists(st.lists(st.sampled_from(PIECES), max_size=9).map("".join), min_size=1, max_size=4))
@settings(max_examples=examples(200), deadline=None)
def test_parts_of_a_text_tell_what_the_whole_does(texts):
    parts = pyparts.Parts()
    for text in (*texts, "".join(texts), *texts):
        assert parts.symbols(text) == pysymbols.symbols(text)


@pytest.mark.parametrize("joined", [1, 8])
@pytest.mark.parametrize("remembered", [0, 40, 10**6])
def test_how_much_is_joined_or_remembered_changes_nothing(monkeypatch, joined, remembered):
    monkeypatch.setattr(pyparts, "MOST_JOINED", joined)
    monkeypatch.setattr(pyparts, "MOST_REMEMBERED", remembered)
    parts = pyparts.Parts()
    quoted = "'''\ndef f(seed=2): ...\n'''\nexit(2)\n"
    decorated = f"{AFTER}@one\n@two(\n    3,\n)\nclass A:\n    lr = 1\n{quoted}"
    for text in (BEFORE, AFTER, decorated, f"# first\n{decorated}", f"{decorated}def f(", BEFORE):
        assert parts.symbols(text) == pysymbols.symbols(text)


def test_what_two_versions_have_in_common_is_parsed_once(monkeypatch):
    whole, parsed = pysymbols.symbols, []
    monkeypatch.setattr(pysymbols, "symbols", lambda text: parsed.append(text) or whole(text))
    parts = pyparts.Parts()
    text = f"{BEFORE}@one\n@two\nclass A:\n    lr = 1\n"
    parts.symbols(text)
    parsed.clear()
    parts.symbols(text.replace("lr = 1", "lr = 2"))
    assert parsed == ["@one\n@two\nclass A:\n    lr = 2\n"]


def test_what_can_bear_on_the_question_is_compared_before_the_rest(tmp_path, monkeypatch):
    made = Repository(tmp_path / "llm")
    names = []
    for n in range(5):
        made.commit(f"Step {n}", **{"train.py": f"seed = {n}\nlr = {n}\n"})
        names.append(made.git("rev-parse", "main").decode().strip())
    scene = examined(("git_pack", "git/srv/llm.git/objects/pack/p.pack", made.packed().read_bytes())).scene
    commits = histories.commits(scene)
    by_name = {commit.oid: commit for commit in commits.values()}
    by_name[names[4]].received = (201, 201)
    by_name[names[2]].reached_by = "nothing"
    evidence = SimpleNamespace(blobs=scene.evidence.blobs, question=SimpleNamespace(window=(100, 200)))

    def rows(most):
        monkeypatch.setattr(symbol_changes, "MOST_FILES", most)
        return symbol_changes.find(SimpleNamespace(evidence=evidence), commits, [names[1]], [names[0]])

    everything = rows(5)
    assert {c.fact for c in everything} == {"seed", "learning_rate"}
    ranked = [names[n] for n in (1, 0, 2, 3, 4)]
    for most in range(5):
        found = rows(most)
        assert {c.oid for c in found if c.fact == "not_compared"} == set(ranked[most:])
        # What is told of those that were compared is what is told where all are.
        own = set(ranked[:most])
        assert [c for c in found if c.oid in own] == [c for c in everything if c.oid in own]


def test_of_an_escape_that_there_is_not_nothing_is_said(recwarn):
    """Python would put the byte behind the backslash on the terminal as it stands."""
    warnings.simplefilter("always")
    text = "rate = '\\\x1b[2J'\nlr = 0.1\n"
    assert [found.fact for found in pysymbols.symbols(text)] == ["learning_rate"]
    assert edits._syntax.__wrapped__(text) is not None
    assert not recwarn.list
