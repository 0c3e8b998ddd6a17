"""The laws of the analysis: file versions against their definition, sessions, and the graph's edges."""

import random

import pandas as pd
import pyarrow as pa
import pytest
from drawn import examples
from hypothesis import example, given, settings
from hypothesis import strategies as st
from stage import Stage

from forensics.analysis import graph, graph_tables
from forensics.analysis.artefacts import Version, contributors
from forensics.analysis.commands import Commands
from forensics.analysis.findings import findings
from forensics.analysis.gaps import Gap, Spans
from forensics.analysis.order import Moment, Order
from forensics.analysis.wording import module_of

NO_PLACES = Order(pd.DataFrame())
HOW = st.sampled_from(["create", "edit", "replace", "delete"])
HISTORIES = st.lists(st.tuples(HOW, st.integers(0, 50), st.integers(0, 5)), max_size=12)


def history(drawn):
    ordered = sorted(drawn, key=lambda d: d[1])
    return [
        Version(f"e{n}", "/p", "h", how, None, None, at, at + width) for n, (how, at, width) in enumerate(ordered)
    ]  # fmt: skip


def by_definition(versions, before):
    """A reader can have seen a change if it ended before, and nothing replaced or removed the file for certain between."""
    done = [v for v in versions if v.latest_ns < before]
    seen = []
    for version in done:
        wiped = any(later.how != "edit" and version.latest_ns < later.earliest_ns for later in done)
        if version.how != "delete" and not wiped:
            seen.append(version)
    return seen


@settings(max_examples=examples(200), deadline=None)
@given(HISTORIES, st.integers(0, 60))
def test_contributors_agree_with_the_definition(drawn, before):
    versions = history(drawn)
    assert contributors(versions, Moment(before, before), NO_PLACES) == by_definition(versions, before)


@settings(max_examples=examples(100), deadline=None)
@given(HISTORIES, st.integers(0, 60))
def test_a_change_that_may_be_later_never_counts(drawn, before):
    assert all(v.latest_ns < before for v in contributors(history(drawn), Moment(before, before), NO_PLACES))


def test_module_names():
    packages = "/opt/env/lib/python3.11/site-packages"
    assert module_of(f"{packages}/torch/optim/sgd.py", "/srv/train.py") == "torch.optim.sgd"
    assert module_of(f"{packages}/torch/__init__.py", "/srv/train.py") == "torch"
    assert module_of("/srv/loader.py", "/srv/train.py") == "loader"
    assert module_of("/home/kai/loader.py", "/srv/train.py") is None
    assert module_of("/srv/data.bin", "/srv/train.py") is None


def busy_day():
    day = Stage()
    day.enrol()
    mei, kai = day.login("mei"), day.login("kai")
    day.change("kai", kai, "/srv/proj/train.py", owner="mei")
    day.submit("mei", mei, "11")
    day.cancel("mei", mei, "11")
    day.login("mei")
    day.logout("kai", kai)
    return day


def sessions_of(day):
    return {s.session_id: (s.account, s.ses, s.credential, s.address) for s in day.examined().sessions}


@pytest.fixture(scope="module")
def in_order():
    return sessions_of(busy_day())


@settings(max_examples=examples(10), deadline=None)
@given(st.integers(0, 10_000))
def test_sessions_do_not_depend_on_the_order_of_lines(in_order, seed):
    day = busy_day()
    random.Random(seed).shuffle(day.rows)  # noqa: S311 - the order has to be the same each time
    assert sessions_of(day) == in_order


def test_every_event_belongs_to_one_session_at_the_most():
    done = busy_day().examined()
    cited = [e for s in done.sessions for e in dict.fromkeys(s.events)]
    assert cited
    assert len(cited) == len(set(cited))


def test_later_events_rename_no_session():
    day = busy_day()
    before = sessions_of(day)
    day.login("lin")
    after = sessions_of(day)
    assert {s: after[s] for s in before} == before
    assert len(after) == len(before) + 1


def edges(done, acts):
    drawn = graph.build(done, acts)
    return [(a, b, key) for a, b, key, kind in drawn.edges(keys=True, data="kind") if kind == "act"]


def test_the_graph_has_one_edge_per_act_and_loses_one_with_it():
    done = busy_day().examined()
    acts = done.in_question
    assert len(acts) == len(edges(done, acts)) >= 2
    for lost in acts:
        rest = [a for a in acts if a is not lost]
        gone = set(edges(done, acts)) - set(edges(done, rest))
        assert [key for _, _, key in gone] == [lost.act_id]


def test_the_tables_of_a_graph_hold_all_of_it():
    """With the names that the tables have for persons; an edge that two records of a register tell stays two."""
    drawn = graph.build(busy_day().examined())
    made = graph_tables.tables(drawn)
    assert [(len(drawn), drawn.number_of_edges())] == [(len(made["graph_node"]), len(made["graph_edge"]))]
    again = graph_tables.graph(**{name.removeprefix("graph_") + "s": rows for name, rows in made.items()})
    assert list(again.nodes(data=True)) == list(drawn.nodes(data=True))
    assert list(again.edges(keys=True, data=True)) == list(drawn.edges(keys=True, data=True))
    names = pa.array(["K" if who == "kai" else who for who in made["graph_node"]["person"].to_pylist()])
    place = made["graph_node"].column_names.index("person")
    renamed = made["graph_node"].set_column(place, "person", names)
    told = graph_tables.graph(renamed, made["graph_edge"])
    assert told.nodes["person:K"] == {"kind": "person", "label": "K"}
    assert told.nodes["account:kai"]["label"] == "kai"
    assert (
        {b for _, b in told.out_edges("person:K")} == {b for _, b in drawn.out_edges("person:kai")} != set()
    )


def test_persons_and_accounts_are_different_nodes():
    done = busy_day().examined()
    drawn = graph.build(done)
    kinds = dict(drawn.nodes(data="kind"))
    assert set(kinds.values()) == {
        "person",
        "account",
        "credential",
        "device",
        "session",
        "process",
        "version",
        "job",
    }
    assert kinds["person:kai"] == "person"
    assert kinds["account:kai"] == "account"
    assert not drawn.has_edge("person:kai", "job:11")


def test_every_link_is_dated_cited_and_typed():
    """But for what a register states, which no record tells."""
    drawn = graph.build(busy_day().examined())
    links = [values for _, _, values in drawn.edges(data=True)]
    assert {v["basis"] for v in links} == {"observed", "derived", "asserted"}
    told = [v for v in links if v["basis"] != "asserted"]
    assert all(v["events"] for v in told)
    assert all(
        v["earliest"] <= v["latest"] and v["earliest"] for v in told if v["kind"] not in {"opens", "enrolled"}
    )


def test_ways_from_a_person_to_a_job_are_told_once_where_they_are_alike():
    """Two files are changed by two processes of one session: one way, twice."""
    day = busy_day()
    kai = next(r["session"] for r in day.rows if r["account"] == "kai" and r["session"])
    day.at -= 3600 * 1_000_000_000
    day.change("kai", kai, "/srv/proj/train.py", owner="mei")
    done = day.examined()
    rows = [r for r in done.tables()["path"].to_pylist() if r["person"] == "kai" and r["job"] == "11"]
    expected = [
        "enrolled",
        "credential_of_session",
        "process_of_session",
        "modify_file",
        "argument_of_job_process",
    ]
    (way,) = [
        r for r in rows if [s.partition(" →")[0] for s in r["steps"]] == expected and "asserted" in r["bases"]
    ]
    assert (way["ways"], len(way["acts"]), way["bases"][-1]) == (2, 2, "derived")
    assert not any(r["person"] == "lin" and r["job"] == "11" for r in done.tables()["path"].to_pylist())


def test_findings_are_the_same_every_time():
    assert findings(busy_day().examined()) == findings(busy_day().examined())


moments = st.none() | st.integers(-3, 3)


@settings(max_examples=examples(100), deadline=None)
@example([(0, 5)], -1, 0)
@example([(-5, 0), (-9, -7)], 0, 1)
@given(st.lists(st.tuples(moments, moments), max_size=6), moments, moments)
def test_a_sweep_over_gaps_touches_what_any_one_of_them_does(bounds, first, last):
    found = [Gap("login01: audit trail", "serial_gap", *pair) for pair in bounds]
    assert Spans(found).touch(first, last) is any(g.touches(first, last) for g in found)


@settings(max_examples=examples(100), deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 30), st.integers(0, 9)), max_size=8),
    st.integers(0, 30),
    st.integers(0, 9),
)
def test_commands_near_an_interval_are_those_that_can_have_been_in_it(times, first, wide):
    rows = [{"earliest_ns": at, "latest_ns": at + width} for at, width in sorted(times)]
    ran = Commands(pd.DataFrame(rows, columns=["earliest_ns", "latest_ns"]))
    last = first + wide
    told = [(e.earliest_ns, e.latest_ns) for e in ran.near(first, last)]
    assert told == [
        (r["earliest_ns"], r["latest_ns"])
        for r in rows
        if r["earliest_ns"] <= last and r["latest_ns"] >= first
    ]
    assert [e.earliest_ns for e in ran.begun(first, last)] == [
        r["earliest_ns"] for r in rows if first <= r["earliest_ns"] <= last
    ]
