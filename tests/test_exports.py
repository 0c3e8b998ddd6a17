"""Exports: each held to the shape that its consumer documents, and to the case it was made from."""

import csv
import io
import json
import re
import shutil
import subprocess
from datetime import datetime
from types import SimpleNamespace

import fixtures_findings as made
import networkx as nx
import pyarrow.dataset as ds
import pyarrow.parquet as pq
import pytest

from forensics import pipeline
from forensics.bundle import exports
from forensics.bundle.exports import bodyfile
from forensics.cli import export as command
from forensics.core.errors import OutputError, UsageError

FORMATS = exports.registry()
HOSTILE = "=cmd|'/c calc'!A1,\u202egnp.exe\x1b[2J\n0|fake|0|0|0|0|0|1|1|1|1"


def event(**given):
    row = dict.fromkeys([*made.events().column_names])
    row |= {"event_id": "e.0.1", "verb": "write", "format": "auditd", "domain": "login01:root", "host": "login01", "earliest_ns": 1_795_446_709_019_351_200, "latest_ns": 1_795_446_710_019_351_199, "citations": [{"sha256": "a" * 64, "start": 0, "stop": 1}]}  # fmt: skip
    return row | given


def given(*rows, tables=None):
    return exports.Given(made.findings(), lambda: iter(rows or made.events().to_pylist()), tables)


def written(name, tmp_path, *rows):
    out = tmp_path / f"out{FORMATS[name].SUFFIX}"
    told = FORMATS[name].write(given(*rows), out)
    return out.read_text(encoding="utf-8"), told


def test_the_contract_s_formats_are_there():
    assert set(FORMATS) == {"timesketch", "case", "prov", "l2tcsv", "bodyfile", "graphml", "parquet"}
    for name, module in FORMATS.items():
        assert module.MEANING
        assert "Source  http" in (module.__doc__ or "") or name == "l2tcsv"


TEXTUAL = sorted(set(FORMATS) - {"parquet"})


@pytest.mark.parametrize("name", TEXTUAL)
def test_two_runs_give_the_same_bytes(name, tmp_path):
    (tmp_path / "again").mkdir()
    assert written(name, tmp_path)[0] == written(name, tmp_path / "again")[0]


@pytest.mark.parametrize("name", ["timesketch", "l2tcsv", "bodyfile"])
def test_evidence_cannot_speak_in_a_timeline(name, tmp_path):
    text, told = written(
        name, tmp_path, event(object_kind="path", object=HOSTILE, text=HOSTILE, account=HOSTILE)
    )
    assert told.written == 1
    assert "\u202e" not in text
    assert "\x1b" not in text
    assert len(text.splitlines()) == (2 if name == "l2tcsv" else 1)


@pytest.mark.parametrize("name", ["timesketch", "l2tcsv", "bodyfile"])
def test_an_event_without_a_time_is_counted_and_left_out(name, tmp_path):
    row = event(object_kind="path", object="/srv/x")
    told = written(name, tmp_path, row, row | {"earliest_ns": None, "latest_ns": None})[1]
    assert (told.written, told.undated) == (1, 1)


def test_timesketch_has_its_three_fields(tmp_path):
    text, _ = written("timesketch", tmp_path, event(object="/srv/x", account="kai"))
    row = json.loads(text)
    assert {"message", "datetime", "timestamp_desc"} <= set(row)
    assert (row["message"], row["timestamp_desc"]) == ("write /srv/x by account kai", "write")
    assert datetime.fromisoformat(row["datetime"]).timestamp() == pytest.approx(
        row["timestamp"] / 1e6, abs=0.001
    )
    assert row["timestamp"] == 1_795_446_709_019_351
    assert row["citation"] == ["a" * 64 + ":0-1"]


def test_timesketch_names_nobody_where_the_source_named_nobody(tmp_path):
    assert "account" not in json.loads(written("timesketch", tmp_path, event(object="/srv/x"))[0])


def test_l2tcsv_has_seventeen_columns(tmp_path):
    text, _ = written("l2tcsv", tmp_path, event(object_kind="path", object="/srv/a,b", account="-x"))
    head, row = csv.reader(io.StringIO(text))
    assert head == ["date", "time", "timezone", "MACB", "source", "sourcetype", "type", "user", "host", "short", "desc", "version", "filename", "inode", "notes", "format", "extra"]  # fmt: skip
    assert len(row) == 17
    assert row[:4] == ["11/23/2026", "15:11:49", "UTC", "M..."]
    assert row[7] == "'-x"


def test_a_body_file_has_eleven_fields(tmp_path):
    text, told = written(
        "bodyfile", tmp_path, event(object_kind="path", object="/srv/a|b", account="kai", inode="fe:00:77", uid=4102),
        event(verb="login"), event(verb="create", object_kind="path", object="/srv/c"),
    )  # fmt: skip
    rows = [line.split("|") for line in text.splitlines()]
    assert told.written == 2
    assert {len(r) for r in rows} == {11}
    assert rows[0] == [
        "0",
        "/srv/a\\x7cb (write, account kai, login01)",
        "77",
        "0",
        "4102",
        "0",
        "0",
        "0",
        "1795446709",
        "0",
        "0",
    ]
    assert rows[1][7:] == ["0", "0", "0", "1795446709"]
    assert all(f.isdigit() for r in rows for f in r[2:] if f)


def test_mactime_reads_the_body_file(tmp_path):
    if shutil.which("mactime") is None:
        pytest.skip("The Sleuth Kit is not installed here")
    written("bodyfile", tmp_path, event(object_kind="path", object="/srv/x"))
    done = subprocess.run(["mactime", "-b", tmp_path / "out.body", "-d", "-z", "UTC"], check=True, capture_output=True, text=True)  # fmt: skip
    assert "/srv/x" in done.stdout


def test_graphml_is_read_by_another_library_and_has_an_edge_for_each_act(tmp_path):
    written("graphml", tmp_path)
    graph = nx.read_graphml(tmp_path / "out.graphml", force_multigraph=True)
    acts = made.findings()["acts"]
    assert graph.number_of_edges() == len(acts)
    assert {d["id"] for _, _, d in graph.edges(data=True)} == {a["id"] for a in acts}
    named = {d["id"]: d.get("person") for _, _, d in graph.edges(data=True)}
    assert named == {
        a["id"]: a["person"]["name"] if a["person"]["verdict"] == "attributed" else None for a in acts
    }


def test_graphml_names_nobody_who_is_not_attributed(tmp_path):
    found = made.findings()
    for act in found["acts"]:
        act["person"] = act["person"] | {"verdict": "inconclusive"}
    FORMATS["graphml"].write(exports.Given(found, lambda: iter(()), None), tmp_path / "g")
    assert 'key="e_person"' not in (tmp_path / "g").read_text()


def test_prov_refers_to_nothing_that_is_not_there(tmp_path):
    document = json.loads(written("prov", tmp_path)[0])
    assert {
        "prefix",
        "entity",
        "activity",
        "agent",
        "used",
        "wasGeneratedBy",
        "wasAssociatedWith",
        "wasDerivedFrom",
    } == set(document)
    known = set(document["entity"]) | set(document["activity"]) | set(document["agent"])
    for relation in ("used", "wasGeneratedBy", "wasAssociatedWith", "wasDerivedFrom"):
        for row in document[relation].values():
            assert set(row.values()) <= known
    for name in known:
        assert name.partition(":")[0] in document["prefix"]
    assert not [a for a in document["agent"] if "program" not in a], "no person is an agent"


def test_prov_leads_from_each_act_to_its_files(tmp_path):
    document = json.loads(written("prov", tmp_path)[0])
    steps = {}
    for row in document["wasDerivedFrom"].values():
        steps.setdefault(row["prov:generatedEntity"], set()).add(row["prov:usedEntity"])
    for act in made.findings()["acts"]:
        spans = steps[f"fx:act.{act['id']}"]
        assert {f for s in spans for f in steps[s]} == {f"fx:file.{c['sha256']}" for c in act["citations"]}


def nodes_of(value):
    if isinstance(value, dict):
        yield value
        for inner in value.values():
            yield from nodes_of(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from nodes_of(inner)


def test_case_is_a_graph_of_known_terms_whose_references_resolve(tmp_path):
    document = json.loads(written("case", tmp_path)[0])
    every = list(nodes_of(document["@graph"]))
    defined = {n["@id"] for n in every if "@type" in n and "@id" in n}
    assert {n["@id"] for n in every if "@id" in n} == defined
    assert all(
        re.fullmatch(r"kb:[a-z-]+-[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}", i)
        for i in defined
    )
    terms = {t for n in every for t in n if not t.startswith("@")} | {
        n["@type"] for n in every if "@type" in n
    }
    assert {t.partition(":")[0] for t in terms} <= set(document["@context"])
    files = [n for n in document["@graph"] if n["@type"] == "uco-observable:File"]
    assert len(files) == len(made.findings()["case"]["evidence"])


def test_parquet_is_the_case_s_own(tmp_path):
    tables = tmp_path / "tables"
    (tables / "event").mkdir(parents=True)
    pq.write_table(made.events(), tables / "event" / "0.parquet")
    (tables / "event" / ".0.partial").touch()
    told = FORMATS["parquet"].write(given(tables=tables), tmp_path / "out")
    assert told.written == 1
    assert ds.dataset(tmp_path / "out" / "event").to_table().equals(made.events())
    assert not list((tmp_path / "out").rglob(".*"))


# As typed


@pytest.fixture(scope="module")
def case(tmp_path_factory):
    folder = tmp_path_factory.mktemp("case") / "case"
    incident = made.EVIDENCE.parent.parent / "self_failure"
    pipeline.create(folder)
    pipeline.seal(folder, [incident / "evidence" / "slurm"], about=incident / "case.toml")
    pipeline.ingest(folder)
    pipeline.analyse(folder)
    return folder


@pytest.mark.parametrize("name", sorted(FORMATS))
def test_the_command_writes_and_never_writes_over(name, case, tmp_path, capsys):
    out = tmp_path / "out"
    command.export(case, to=name, output=out, as_json=True)
    told = json.loads(capsys.readouterr().out)
    # The scheduler's records alone hold no act, and no event about a path.
    assert (told["written"] > 0) == (name not in {"bodyfile", "graphml"})
    assert out.exists()
    with pytest.raises(OutputError):
        pipeline.export(case, name, out)
    assert [p.name for p in tmp_path.iterdir()] == ["out"]


def test_a_format_that_is_none_is_refused(case, tmp_path):
    with pytest.raises(UsageError, match="timesketch"):
        pipeline.export(case, "xlsx", tmp_path / "out")


def test_a_failure_leaves_nothing_behind(case, tmp_path, monkeypatch):
    def full(*_):
        (tmp_path / ".out.partial").write_text("half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(exports, "registry", lambda: {"timesketch": SimpleNamespace(write=full)})
    with pytest.raises(OutputError, match="No space"):
        pipeline.export(case, "timesketch", tmp_path / "out")
    assert list(tmp_path.iterdir()) == []


def test_the_timeline_holds_every_dated_event(case, tmp_path):
    pipeline.export(case, "timesketch", tmp_path / "out")
    dated = pipeline.sql(case, "SELECT count(*) AS n FROM events WHERE earliest_ns IS NOT NULL")["n"][
        0
    ].as_py()
    assert len((tmp_path / "out").read_text().splitlines()) == dated


def test_a_name_that_changes_is_a_change_of_the_inode_and_not_of_the_content():
    """The four times of a body file: accessed, modified, changed, born."""
    place = bodyfile._PLACE
    assert {place[v] for v in ("rename", "link", "delete", "attributes", "utimes")} == {2}
    assert ({place[v] for v in ("read", "execute")}, {place[v] for v in ("write", "truncate")}) == ({0}, {1})
    assert place["create"] == 3
