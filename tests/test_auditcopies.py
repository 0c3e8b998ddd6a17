"""Whether two of several files tell an event differently: found by looking at each file once, and the same as by comparing every two."""

from itertools import combinations

from drawn import examples
from hypothesis import given, settings
from hypothesis import strategies as st

from forensics.core import auditcopies

FEW = st.none() | st.sampled_from(["a", "b", "c"])
PATH = st.fixed_dictionaries(
    {"item": st.integers(0, 1), "name": FEW, "inode": FEW, "dev": st.none(), "nametype": FEW}
)
ROW = st.fixed_dictionaries({
    "auid": FEW, "exe": FEW, "syscall": st.none() | st.just("2"),
    "argv": st.none() | st.lists(st.sampled_from("xy"), max_size=3),
    "argv_places": st.none() | st.none() | st.just([0]),
    "paths": st.none() | st.lists(PATH, max_size=2),
    "receivers": st.none() | st.lists(st.fixed_dictionaries({"opid": st.integers(1, 3)}), max_size=2),
})  # fmt: skip
FILES = st.lists(st.lists(ROW, min_size=1, max_size=3), min_size=2, max_size=5)


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


@settings(max_examples=examples(1500), deadline=None)
@given(FILES)
def test_files_differ_where_two_of_them_do(files):
    assert auditcopies._differ(files) == any(two_differ(*two) for two in combinations(files, 2))


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
