"""Whether two of several files tell an event differently: found by looking at each file once, and the same as by comparing every two."""

import random
from itertools import combinations

from drawn import examples
from hypothesis import given, settings
from hypothesis import strategies as st

from forensics.core import auditcopies

FEW = st.none() | st.sampled_from(["a", "b", "c"])
PATH = st.fixed_dictionaries(
    {"item": st.integers(0, 1), "name": FEW, "inode": FEW, "dev": st.none(), "nametype": FEW}
)


def some_files(chance):
    """What two to five files tell of an event, in one to three rows each. As strategies of hypothesis these took ten times as long as what is tested."""

    def few():
        return chance.choice([None, "a", "b", "c"])

    def listed(one, most):
        return chance.choice([None, [one() for _ in range(chance.randint(0, most))]])

    def path():
        return {"item": chance.randint(0, 1), "name": few(), "inode": few(), "dev": None, "nametype": few()}

    def row():
        return {
            "auid": few(), "exe": few(), "syscall": chance.choice([None, "2"]),
            "argv": listed(lambda: chance.choice("xy"), 3), "argv_places": chance.choice([None, None, [0]]),
            "paths": listed(path, 2), "receivers": listed(lambda: {"opid": chance.randint(1, 3)}, 2),
        }  # fmt: skip

    return [[row() for _ in range(chance.randint(1, 3))] for _ in range(chance.randint(2, 5))]


def two_differ(one, other):
    """By definition: what both tell, and not alike."""
    for name in auditcopies._SAID:
        mine, its = ({row.get(name) for row in rows} - {None} for rows in (one, other))
        if mine and its and not mine & its:
            return True
    return argv_differ(one, other) or paths_differ(one, other) or receivers_differ(one, other)


def argv_differ(one, other):
    mine, its = ([row["argv"] for row in rows if row.get("argv")] for rows in (one, other))
    if len(mine) != 1 or len(its) != 1 or any(row.get("argv_places") for row in (*one, *other)):
        return False
    shorter = min(len(mine[0]), len(its[0]))
    return mine[0][:shorter] != its[0][:shorter]


def paths_differ(one, other):
    mine, its = ({p["item"]: p for row in rows for p in row.get("paths") or ()} for rows in (one, other))
    return any(
        None not in {mine[item][what], its[item][what]} and mine[item][what] != its[item][what]
        for item in mine.keys() & its.keys()
        for what in auditcopies._PATHS
    )


def receivers_differ(one, other):
    if not all(any(row.get("syscall") is not None for row in rows) for rows in (one, other)):
        return False
    mine, its = ({p["opid"] for row in rows for p in row.get("receivers") or ()} for rows in (one, other))
    return len(mine) == len(its) > 0 and mine != its


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 2**32))
def test_files_differ_where_two_of_them_do(seed):
    chance, met = random.Random(seed), set()  # noqa: S311 - nothing secret
    for _ in range(examples(300)):
        files = some_files(chance)
        wanted = any(two_differ(*two) for two in combinations(files, 2))
        assert auditcopies._differ(files) == wanted, files
        met.add(wanted)
    assert met == {False, True}


def only(name, values):
    return st.builds(lambda value: {**dict.fromkeys(("auid", "syscall", "argv", "argv_places", "paths", "receivers")), "syscall": "2", name: value}, values)  # fmt: skip


@settings(max_examples=examples(400), deadline=None)
@given(
    st.one_of(
        st.lists(st.lists(only(name, values), min_size=1, max_size=3), min_size=2, max_size=6)
        for name, values in (
            ("auid", st.sampled_from("abcd")),
            ("argv", st.lists(st.sampled_from("xy"), max_size=4)),
            ("paths", st.lists(PATH, max_size=2)),
            ("receivers", st.lists(st.fixed_dictionaries({"opid": st.integers(1, 3)}), max_size=3)),
        )
    )
)
def test_each_kind_of_difference_is_found_alone(files):
    assert auditcopies._differ(files) == any(two_differ(*two) for two in combinations(files, 2))


class Counted(dict):
    """A line of which it is counted how often it is asked."""

    asked = 0

    def get(self, name, otherwise=None):
        Counted.asked += 1
        return super().get(name, otherwise)


def test_a_line_is_looked_at_as_often_however_many_files_there_are():
    asked = []
    for count in (10, 400):
        Counted.asked = 0
        # Any two have a name in common, and all have none.
        pair = [("a", "b"), ("b", "c"), ("a", "c")]
        files = [
            [Counted(exe=name, syscall="2", argv=["x"], receivers=[{"opid": 1}]) for name in pair[n % 3]]
            for n in range(count)
        ]
        assert not auditcopies._differ(files)
        asked.append(Counted.asked / count)
    assert asked[0] == asked[1]
