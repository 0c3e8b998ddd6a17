"""What is found without reading everything, or by bins, is what the plain definition finds."""

import sys
from itertools import groupby

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forensics.core import ids
from forensics.core.errors import CaseError
from forensics.core.tables import EVENT
from forensics.pipeline.ordering import named
from forensics.store import company, footers, parquet, slices, spool

PART = 7
FAR = 2**63 - 2**20
NEAR, ANY = st.integers(-50, 50), st.integers(-FAR, FAR)
HOST, ACCOUNT, JOB = (st.sampled_from(values) for values in (["gpu01", "gpu01", "gpu02", None], ["kai", "kai", "lin", None], [None, "7", "11"]))  # fmt: skip
SHA256 = "ab" * 32
TYPED = "/srv/b' OR 1=1 --"


def events_at(moments):
    return st.lists(
        st.fixed_dictionaries(
            {
                "earliest_ns": moments,
                "width": st.integers(0, 9),
                "host": HOST,
                "account": ACCOUNT,
                "job": JOB,
                "object": st.sampled_from([None, "/srv/a", TYPED]),
            }
        ),
        min_size=3,
        max_size=30,
    )


def stays_at(moments):
    return st.lists(
        st.tuples(st.sampled_from(["7", "11"]), st.sampled_from(["gpu01", "gpu02"]), moments, moments),
        min_size=1,
        max_size=6,
    )


AT_HOME, ANYWHERE = events_at(st.none() | NEAR), events_at(st.none() | NEAR | ANY)


def kept(folder, events):
    """The events as the store keeps them: in order of time, in several parts."""
    ordered = sorted(events, key=lambda e: (e["earliest_ns"] is None, e["earliest_ns"] or 0))
    rows = []
    for n, e in enumerate(ordered):
        first = e["earliest_ns"]
        rows.append(
            {
                "event_id": ids.event_id(SHA256, n, n + 1),
                **{k: e[k] for k in ("earliest_ns", "host", "account", "job", "object")},
                "latest_ns": None if first is None else first + e["width"],
                "format": "auditd",
                "domain": "d",
                "verb": "other",
                "citations": [],
                "sha256": SHA256,
                "start": n,
                "stop": n + 1,
            }
        )
    columns = {k: [row[k] for row in rows] for k in rows[0]} if rows else {}
    whole = EVENT.build(columns) if rows else EVENT.empty()
    parts = [named(n) for n in range(max(1, -(-len(rows) // PART)))]
    parquet.keep_only(folder, EVENT.name, parts)
    for n, part in enumerate(parts):
        parquet.write(folder, EVENT, whole.slice(n * PART, PART), part)
    return rows


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("slices") / "tables"


@settings(deadline=None, max_examples=25)
@given(
    ANYWHERE,
    st.none() | NEAR | ANY,
    st.none() | NEAR,
    st.sampled_from([None, "11"]),
    st.sampled_from([None, TYPED]),
)
def test_a_selection_is_the_rows_that_pass_its_tests(folder, events, since, until, job, path):
    rows = kept(folder, events)
    found = slices.select(folder, "event", only={"job": job, "object": path}, since_ns=since, until_ns=until)
    assert found.schema == EVENT.schema()
    assert found["event_id"].to_pylist() == [
        r["event_id"]
        for r in rows
        if job in {None, r["job"]}
        and path in {None, r["object"]}
        and (since is None or (r["latest_ns"] is not None and r["latest_ns"] >= since))
        and (until is None or (r["earliest_ns"] is not None and r["earliest_ns"] <= until))
    ]


def plain_spells(rows, gap):
    """A run ends where the next event begins more than a gap after everything before it was over."""
    known = [r for r in rows if None not in {r["earliest_ns"], r["host"], r["account"]}]
    who = lambda r: (r["host"], r["account"])  # noqa: E731 - a key
    for actor, own in groupby(sorted(known, key=lambda r: (who(r), r["earliest_ns"])), key=who):
        run = None
        for r in own:
            if run is not None and r["earliest_ns"] - run[1] <= gap:
                run = (run[0], max(run[1], r["latest_ns"]), run[2] + 1)
                continue
            if run is not None:
                yield (*actor, *run)
            run = (r["earliest_ns"], r["latest_ns"], 1)
        yield (*actor, *run)


def check_spells(folder, events, gap):
    rows = kept(folder, events)
    found = company.spells(folder, gap_ns=gap)
    assert [tuple(r.values()) for r in found.to_pylist()] == list(plain_spells(rows, gap))


@settings(deadline=None, max_examples=30)
@given(events_at(NEAR), st.integers(0, 20))
def test_binned_spells_are_the_plain_ones(folder, events, gap):
    check_spells(folder, events, gap)


@settings(deadline=None, max_examples=10)
@given(ANYWHERE, st.integers(0, 20))
def test_binned_spells_are_the_plain_ones_however_far_apart(folder, events, gap):
    check_spells(folder, events, gap)


@settings(deadline=None, max_examples=30)
@given(AT_HOME, stays_at(NEAR), st.integers(1, 40))
def test_the_width_of_bins_changes_no_company(folder, events, stays, width):
    check_beside(folder, events, stays, width)


@settings(deadline=None, max_examples=10)
@given(ANYWHERE, stays_at(NEAR | ANY), st.integers(2**61, 2**62))
def test_binned_company_is_the_plain_one_however_far_apart(folder, events, stays, width):
    check_beside(folder, events, stays, width)


def check_beside(folder, events, stays, width):
    rows = kept(folder, events)
    names = ["job", "host", "start_ns", "end_ns"]
    kinds = pa.schema(list(zip(names, [pa.string(), pa.string(), pa.int64(), pa.int64()], strict=True)))
    table = pa.Table.from_pylist([dict(zip(names, s, strict=True)) for s in stays], schema=kinds)
    plain = {}
    for job, host, start, end in stays:
        for r in rows:
            met = r["host"] == host and r["earliest_ns"] is not None and start <= end
            if met and start <= r["latest_ns"] and r["earliest_ns"] <= end:
                plain[job, r["account"]] = plain.get((job, r["account"]), 0) + 1
    found = company.beside(folder, table, long_ns=width)
    assert {(r["job"], r["account"]): r["events"] for r in found.to_pylist()} == plain


def test_events_are_found_by_name_and_other_words_are_passed_over(tmp_path):
    rows = kept(
        tmp_path,
        [
            {"earliest_ns": n, "width": 0, "host": None, "account": None, "job": None, "object": None}
            for n in (3, 1, None)
        ],
    )
    wanted = [rows[2]["event_id"], rows[0]["event_id"]]
    found = slices.named(tmp_path, [*wanted, "a word", ids.event_id("cd" * 32, 0, 1), "x.y.z"])
    assert found["event_id"].to_pylist() == wanted[::-1]
    assert found.schema == EVENT.schema()


@pytest.mark.parametrize("name", ["case[1]", "case=1", "a*b?", "plain [x", "it's"])
def test_a_folder_may_have_any_name(tmp_path, name):
    one = event(1, 1) | {"job": "7"}
    kept(tmp_path / name, [one])
    kept(tmp_path / "case1", [one, one])
    assert len(slices.select(tmp_path / name, "event", only={"job": "7"})) == 1


def event(first, last, account="kai"):
    return {
        "earliest_ns": first,
        "width": last - first,
        "host": "gpu01",
        "account": account,
        "job": None,
        "object": None,
    }


@pytest.mark.parametrize(("silence", "runs"), [(9, 1), (10, 1), (11, 2)])
def test_a_run_ends_after_the_gap_and_not_at_it(tmp_path, silence, runs):
    """An event that outlasts those after it keeps the run alive."""
    kept(tmp_path, [event(0, 100), event(30, 31), event(100 + silence, 120)])
    assert len(company.spells(tmp_path, gap_ns=10)) == runs


@pytest.mark.parametrize("width", [1, 10, 100, 1000])
def test_an_event_that_began_before_a_stay_and_reaches_into_it_is_company(tmp_path, width):
    told = [event(98, 100), event(10, 99), event(98, 99), event(200, 205), event(201, 201)]
    check_beside(tmp_path, told, [("7", "gpu01", 100, 200)], width)
    stay = pa.table({"job": ["7"], "host": ["gpu01"], "start_ns": [100], "end_ns": [200]})
    assert company.beside(tmp_path, stay, long_ns=width)["events"].to_pylist() == [2]


def test_a_large_part_is_taken_in_pieces(tmp_path, monkeypatch):
    monkeypatch.setattr(parquet, "GROUP_ROWS", 2)
    monkeypatch.setattr(company, "_AT_ONCE_ROWS", 3)
    monkeypatch.setattr(company, "_PAIRS", 1)
    monkeypatch.setattr(sys.modules[__name__], "PART", 50)
    told = [event(10 * n, 10 * n + (25 if n == 3 else 1), "kai" if n % 3 else "lin") for n in range(30)]
    kept(tmp_path, told)
    assert len(list(company._pieces(tmp_path))) > 5
    for gap in (9, 19, 29):
        check_spells(tmp_path, told, gap)
    check_beside(tmp_path, told, [("7", "gpu01", 45, 120), ("11", "gpu01", 0, 3)], 20)


def test_no_part_is_opened_that_cannot_hold_what_is_asked(tmp_path):
    rows = kept(tmp_path, [event(n, n) | {"job": "7" if n < 20 else None} for n in range(30)])
    own = lambda *bounds: [p.stem for p in footers.likely(tmp_path, "event", bounds)]  # noqa: E731 - short
    assert len(own()) == 5
    assert own(footers.Bound("earliest_ns", 7, 13)) == ["000001"]
    assert own(footers.Bound("job", "7", "7")) == ["0", "000001", "000002"]
    assert own(footers.Bound("job", "8", "8")) == ["0"]
    assert own(footers.Bound("latest_ns", least=21), footers.Bound("earliest_ns", most=21)) == ["000003"]
    assert len(slices.select(tmp_path, "event", only={"job": "7"})) == sum(r["job"] == "7" for r in rows)


def test_what_is_not_there_is_said(tmp_path):
    with pytest.raises(CaseError):
        slices.select(tmp_path, "event", only={})
    kept(tmp_path, [])
    with pytest.raises(KeyError):
        slices.select(tmp_path, "event", only={"colour": "red"})
    with pytest.raises(ValueError, match="not negative"):
        company.spells(tmp_path, gap_ns=-1)


BOUNDS = st.lists(
    st.one_of(
        st.builds(footers.Bound, st.sampled_from(["earliest_ns", "latest_ns"]), st.none() | NEAR, st.none() | NEAR),
        st.builds(lambda value: footers.Bound("job", value, value), st.sampled_from(["11", "7", "8"])),
        st.builds(lambda value: footers.Bound("object", value, value), st.sampled_from(["/srv/a", TYPED, ""])),
    ),
    min_size=1,
    max_size=3,
)  # fmt: skip


@settings(deadline=None, max_examples=25)
@given(events=events_at(st.none() | NEAR), asked=st.lists(BOUNDS, min_size=1, max_size=8))
def test_what_was_put_down_of_parts_says_what_their_footers_say(tmp_path_factory, events, asked):
    """Each bound is put to the footers, then to what was put down of them, of which none is asked again."""
    folder = tmp_path_factory.mktemp("parts")
    kept(folder, events)
    by_footers = [footers.likely(folder, "event", bounds) for bounds in asked]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(footers, "FEWEST_PARTS", 1)
        footers.note(folder, "event")
        patch.setattr(footers, "_can", None)
        assert [footers.likely(folder, "event", bounds) for bounds in asked] == by_footers


@pytest.mark.parametrize("harm", ["another part", "one part more", "cut short", "no such column", "none"])
def test_what_was_put_down_of_parts_changes_no_answer(tmp_path, monkeypatch, harm):
    kept(tmp_path, [event(n, n) for n in range(30)])
    monkeypatch.setattr(footers, "FEWEST_PARTS", 1)
    footers.note(tmp_path, "event")
    noted, parts = tmp_path / "event" / ".footers.arrow", parquet.parts(tmp_path, "event")
    late = parquet.read(tmp_path, "event").slice(20, 1)
    if harm == "another part":
        parquet.write(tmp_path, EVENT, late, parts[1].stem)
    elif harm == "one part more":
        parquet.write(tmp_path, EVENT, late, named(99))
    elif harm == "cut short":
        noted.write_bytes(noted.read_bytes()[:-9])
    elif harm == "no such column":
        spool.put(noted, spool.read(noted, ["part", "footer"]))
    found = slices.select(tmp_path, "event", only={}, since_ns=20, until_ns=20)
    assert len(found) == (2 if harm in {"another part", "one part more"} else 1)
    assert parts[0] not in footers.likely(tmp_path, "event", [footers.Bound("earliest_ns", 20, 20)])
