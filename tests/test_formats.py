"""What every format promises. A new format is tested here by being in its folder; so is its reading.

Half of what a format costs here are the damaged files of `test_damage_breaks_no_promise`, each of which is read,
recognised, cut and told once; the rest goes by its samples. So a few small samples are cheap, and big ones are not.
"""

import hashlib
import itertools
import random
import re
from functools import cache
from importlib import import_module
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from drawn import EVERY, examples, some
from hypothesis import example, given, settings
from hypothesis import strategies as st

from forensics import formats
from forensics.core import canonical, ids
from forensics.core.model import IGNORED, REJECTED, Parsed, Why, spans_of
from forensics.core.schema import extended
from forensics.core.tables import COPY, EVENT, FILE, JOB_RECORD, SHA256, VERBS

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "sample_logs" / "formats"
GOLDEN = ROOT / "tests" / "golden"
SAMPLES = sorted(path for path in FOLDER.glob("*/*") if path.is_file())
REGISTRY = formats.registry()
NAMES = sorted(REGISTRY)
HEAD_BYTES = 65_536
HEADINGS = ("Shape", "Source", "Time", "Who", "Open")
HAZARDS = (b"\n", b"\r\n", b"\n\n", b"\x00", b"\xff\xfe", b"'\"")
ABSENCES = {"not_recorded", "not_readable", "not_applicable", "number_only"}
TABLES = {"event": EVENT, "job_record": JOB_RECORD, "copy": COPY}
BASE = 1000
ANCHOR_NS = 1_795_446_697_000_000_000
FEW = settings(max_examples=examples(12), deadline=None)


def of(name):
    """All tests of a format run in one worker of pytest-xdist, so that its samples are read once."""
    return pytest.mark.xdist_group(f"format {name}")


every_sample = pytest.mark.parametrize(
    "sample",
    [
        pytest.param(s, marks=of(s.parent.name), id=f"{s.parent.name}/{s.name}")
        for s in SAMPLES
        if s.parent.name in REGISTRY
    ],
)
every_format = pytest.mark.parametrize("name", [pytest.param(name, marks=of(name)) for name in NAMES])


@cache
def read_at(sample, base):
    """What a sample holds that begins at some byte."""
    return formats.parsed(sample.parent.name, sample.read_bytes(), base, anew=anew(sample))


def anew(sample):
    """Whether the objects of a sample are laid out anew, so that it is read whole."""
    return sample.name.startswith("laid_out_")


def golden_of(sample):
    return GOLDEN / sample.parent.name / f"{sample.name}.jsonl"


def samples_of(name):
    """The samples of a format; a format without one fails `test_has_a_sample`, and no other test."""
    found = [sample for sample in SAMPLES if sample.parent.name == name]
    if not found:
        pytest.skip("no sample yet")
    return found


def rows(parsed):
    """Every row of the three tables in order of span; a null is left out, so that the eye finds the rest."""
    tables = (("record", parsed.records), ("rejected", parsed.rejected), ("ignored", parsed.ignored))
    told = [{"row": row, **values} for row, table in tables for values in table.to_pylist()]
    told.sort(key=lambda values: (values["start"], values["stop"]))
    return [{key: value for key, value in values.items() if value is not None} for values in told]


def tiles(parsed, start, stop):
    spans = sorted(
        s for table in parsed for s in zip(*(ends.to_pylist() for ends in spans_of(table)), strict=True)
    )
    at = start
    for first, last in spans:
        assert first == at
        assert last > first
        at = last
    assert at == stop
    for row in rows(parsed):
        own = row.get("spans", [row])
        assert (own[0]["start"], own[0]["stop"]) == (row["start"], row["stop"])
        assert own == sorted(own, key=lambda span: span["start"])


def joined(pieces):
    """What chunks tell, put together."""
    return Parsed(*(pa.concat_tables(tables) for tables in zip(*pieces, strict=True)))


@st.composite
def damaged(draw, name):
    """One of the format's own samples with a stretch cut out and noise put in."""
    whole = draw(st.sampled_from(samples_of(name))).read_bytes()
    start, stop = sorted(draw(st.integers(0, len(whole))) for _ in range(2))
    noise = draw(st.binary(max_size=20) | st.sampled_from(HAZARDS))
    return whole[:start] + noise + whole[stop:]


@every_sample
def test_sample_reads_as_its_golden(sample, request):
    """The whole output is compared, so an extra or a missing row fails too."""
    parsed = read_at(sample, 0)
    got = "".join(canonical.line(row) + "\n" for row in rows(parsed))
    if request.config.getoption("--update-golden"):
        golden_of(sample).parent.mkdir(parents=True, exist_ok=True)
        golden_of(sample).write_text(got)
    assert golden_of(sample).exists(), "no golden: look at what --update-golden writes"
    assert got == golden_of(sample).read_text()


def test_samples_and_goldens_pair_off():
    """No golden without a sample, no sample of a format that does not exist."""
    assert {golden_of(s) for s in SAMPLES} == set(GOLDEN.glob("*/*"))
    assert {s.parent.name for s in SAMPLES} <= set(NAMES)


@every_format
def test_has_a_sample(name):
    assert name in {sample.parent.name for sample in SAMPLES}


@every_format
def test_declares_itself(name):
    form = REGISTRY[name]
    assert form.TABLE.name == name
    assert {"start", "stop"} <= set(form.TABLE.names)
    assert not {"sha256", "clock"} & set(form.TABLE.names)
    assert form.CUT in {"line", "headed", "whole"} or int(form.CUT) > 0
    assert form.DOMAIN
    for heading in HEADINGS:
        assert re.search(rf"^{heading} +\S", form.__doc__ or "", re.MULTILINE), heading


@every_format
def test_tables_are_as_declared(name):
    """A format's rows and its schema cannot drift apart."""
    form = REGISTRY[name]
    declared = (form.TABLE, REJECTED, IGNORED)
    least = (form.parse(data, 0) for data in (b"", b"\n", b"\x00"))
    for parsed in (*least, *(read_at(sample, 0) for sample in samples_of(name))):
        for table, got in zip(declared, parsed, strict=True):
            assert got.schema.equals(table.schema(), check_metadata=True), table.name
            got.validate(full=True)
            full = [c.name for c in table.columns if c.absent is None and got[c.name].null_count]
            assert not full, f"null, and not declared so: {full}"
        assert set(parsed.rejected["why"].to_pylist()) <= {why.value for why in Why}


@every_sample
def test_sample_is_accounted_for(sample):
    tiles(read_at(sample, BASE), BASE, BASE + sample.stat().st_size)


@every_format
@FEW
@given(noise=st.binary(max_size=300), path=st.text(max_size=40))
# Blanks to Python's text and to none of its bytes, which a word was once looked for behind.
@example(noise=b"\x1c", path="")
@example(noise=b"\xc2\xa0\n\xc2\x85=\xe2\x80\xa8:\x1f\n", path="")
def test_noise_is_accounted_for_and_recognised_on_a_scale(name, noise, path):
    tiles(REGISTRY[name].parse(noise, 0), 0, len(noise))
    if noise:
        assert 0 <= REGISTRY[name].recognise(noise, path) <= 100


def cuts(form, raw):
    """Where a file may be cut, by the format's own word."""
    if form.CUT in {"line", "headed"}:
        return [at + 1 for at, byte in enumerate(raw) if byte == 10]
    return list(range(int(form.CUT), len(raw), int(form.CUT)))


def below(form, head, raw, base):
    """A chunk as it is read below the first line of its file."""
    if not head:
        return form.parse(raw, base)
    parsed = form.parse(head + raw, base - len(head))
    return Parsed(*(rows.filter(pc.greater_equal(rows["start"], base)) for rows in parsed))


def cut_up(form, raw, at, base):
    """What a file tells that is read in chunks, with the places between them."""
    edges = sorted({0, len(raw), *at})
    head = raw[: raw.find(b"\n") + 1] if form.CUT == "headed" else b""
    pieces = [below(form, head if a else b"", raw[a:b], base + a) for a, b in itertools.pairwise(edges)]
    return joined(pieces) if pieces else form.parse(raw, base)


def is_cut(form):
    return form.CUT != "whole" and not hasattr(form, "FRAME_BYTES")


@every_sample
def test_chunks_change_nothing(sample):
    """Each line, or record, alone: no two of them stand in one chunk. And in two halves, where most of them do.

    Where lines are many, `make test` cuts at some of them.
    """
    form, raw = REGISTRY[sample.parent.name], sample.read_bytes()
    if is_cut(form) and not anew(sample):
        allowed, told = cuts(form, raw), rows(read_at(sample, BASE))
        for at in (some(allowed, 6), allowed[len(allowed) // 2 :][:1]):
            assert rows(cut_up(form, raw, at, BASE)) == told


@every_format
def test_hazards_are_accounted_for_wherever_they_stand(name):
    """Before everything, behind a first line, in the middle of things, and at the end; these are not left to chance."""
    whole = min(samples_of(name), key=lambda sample: sample.stat().st_size).read_bytes()
    places = [0, whole.find(b"\n") + 1, len(whole) // 2, len(whole)]
    for n, noise in enumerate(HAZARDS):
        for at in sorted({*places} if EVERY else {*places[n % 2 :: 2]}):
            raw = whole[:at] + noise + whole[at:]
            tiles(REGISTRY[name].parse(raw, 0), 0, len(raw))
            assert 0 <= REGISTRY[name].recognise(raw[:HEAD_BYTES], "login01/var/log/x") <= 100


@every_format
@FEW
@given(data=st.data())
def test_damage_breaks_no_promise(name, data):
    """Of each damaged file: spans tile it, nothing lost, nothing read twice, nothing invented; it is recognised on
    a scale; cut anywhere it tells the same; and every record becomes an event.

    All of it is asked of the same bytes, so that these are drawn and read once.
    """
    form, raw = REGISTRY[name], data.draw(damaged(name))
    parsed = form.parse(raw, 0)
    tiles(parsed, 0, len(raw))
    if raw:
        assert 0 <= form.recognise(raw[:HEAD_BYTES], "login01/var/log/x") <= 100
    allowed = cuts(form, raw) if is_cut(form) else []
    if allowed:
        at = data.draw(st.sets(st.sampled_from(allowed), min_size=1, max_size=2))
        assert rows(cut_up(form, raw, at, 0)) == rows(parsed)
    records, files = evidence(name, {"login01/var/log/x": raw}, parsed)
    check_events(read(name, records, files)["event"], records)


@pytest.mark.parametrize("path", ["login01/var/log/audit/audit.log", "log01/00/00/01/ttyin"])
def test_who_is_asked_first_is_who_would_be_surest(path):
    """To load every format takes longer than to read a small log, so some are asked before the others."""
    heads = [s.read_bytes()[:HEAD_BYTES] for s in samples_of("auditd")]
    for head in [*heads, b"type=x", b"node=", b"type=", b"node=x type=y"]:
        sure = {name: form.recognise(head, path) for name, form in REGISTRY.items()}
        best = max(sorted(sure), key=sure.get)
        assert formats.recognise(head, path) == (best if sure[best] > 10 else None)


def test_who_is_asked_of_the_name_of_an_object_is_everybody_who_would_take_it():
    """A repository can have a million files of refs: only the formats that could be sure of one are asked."""
    named = {(s.parent.name, s.suffix): f"srv/{s.parent.name}/{s.name}" for s in SAMPLES}
    named_so = [
        "llm.git/HEAD",
        "llm.git/refs/heads/main",
        "llm.git/shallow",
        "a/INSTALLER",
        "a/ttyin",
        "a/.bash_history",
    ]
    asked = [(name, form.recognise) for name, form in sorted(REGISTRY.items())]
    heads = {b"4b825dc642cb6eb9a060e54bf8d69288fbee4904\n": [*named.values(), *named_so]}
    for head, paths in (heads | dict.fromkeys((b"0" * 64 + b"\n", b"a" * 40), named_so)).items():
        for path in paths:
            sure = {name: recognise(head, path) for name, recognise in asked}
            best = max(sure, key=sure.get)
            assert formats.recognise(head, path) == (best if sure[best] > 10 else None)


@every_sample
def test_sample_is_recognised(sample):
    """A `damaged_` or `not_` sample shows what is made of such bytes; nothing has to recognise it."""
    head, path = sample.read_bytes()[:HEAD_BYTES], f"login01/var/log/{sample.name}"
    if not sample.stem.startswith(("damaged_", "not_")):
        as_it_is, laid_out = formats.recognise(head, path), formats.laid_out(head, path)
        assert (as_it_is, laid_out if as_it_is is None else None) == (
            (None, sample.parent.name) if anew(sample) else (sample.parent.name, None)
        )
    assert REGISTRY[sample.parent.name].recognise(b"\x00", path) <= 10


def evidence(name, contents, parsed=None):
    """Records with their hash, and the rows of `file`, of the contents given by path.

    Args:
        name: the format.
        contents: bytes by path.
        parsed: what the format makes of the one content, where that is known.
    """
    form, told, held = REGISTRY[name], [], []
    for path, data in contents.items():
        sha256 = hashlib.sha256(data).hexdigest()
        if len(contents) > 1 or parsed is None:
            parsed = formats.parsed(name, data, 0, anew=anew(Path(path)))
        file = {"sha256": sha256, "path": path, "host": "login01", "origin": path.removeprefix("login01")}
        file |= {"bytes": len(data), "kind": "file", "held": "copied", "format": name}
        file |= {"domain": form.DOMAIN.replace("{host}", "login01")}
        held.append(file | dict.fromkeys(("parsed", "rejected", "ignored"), 0))
        if sha256 not in {row["sha256"] for row in held[:-1]}:
            columns = [pa.array([sha256] * parsed.records.num_rows, pa.string()), *parsed.records.columns]
            told.append(pa.Table.from_arrays(columns, schema=extended(form.TABLE, SHA256).schema()))
    records = pa.concat_tables(told).sort_by([("sha256", "ascending"), ("start", "ascending")])
    return records, FILE.build({c: [file.get(c) for file in held] for c in FILE.names})


@cache
def told_whole(name):
    """What the reading tells of all samples."""
    return read(name, *whole(name))


def read(name, records, files):
    return reading_of(name).read(records, files, zone="Europe/Amsterdam", anchor_ns=ANCHOR_NS)


def reading_of(name):
    return import_module(f"forensics.readings.{name}")


@cache
def whole(name):
    return evidence(name, {f"login01/var/log/{s.name}": s.read_bytes() for s in samples_of(name)})


def spans(records):
    """The file, start and stop of every line that records are made of."""
    if "spans" not in records.column_names:
        return set(zip(*(records[c].to_pylist() for c in ("sha256", "start", "stop")), strict=True))
    told = zip(records["sha256"].to_pylist(), records["spans"].to_pylist(), strict=True)
    return {(sha256, span["start"], span["stop"]) for sha256, own in told for span in own}


def check_events(events, records):
    """Every event is well formed and cites records; every record is cited."""
    got, known = events.to_pylist(), spans(records)
    assert len({e["event_id"] for e in got}) == len(got)
    cited = set()
    for e in got:
        own = [(c["sha256"], c["start"], c["stop"]) for c in e["citations"]]
        assert own[0] == (e["sha256"], e["start"], e["stop"])
        assert ids.span_of(e["event_id"]) == (e["sha256"][:16], e["start"], e["stop"])
        assert e["verb"] in VERBS
        assert (e["account"] is None) == (e["account_absence"] in ABSENCES)
        assert len(e["text"] or "") <= 4096
        assert (e["earliest_ns"] is None) == (e["latest_ns"] is None)
        assert e["earliest_ns"] is None or (e["clock"] and e["earliest_ns"] <= e["latest_ns"])
        cited |= set(own)
    assert cited == known


@every_format
def test_reading_yields_declared_tables(name):
    assert isinstance(reading_of(name).NEEDS_ANCHOR, bool)
    records, files = whole(name)
    for got in (told_whole(name), read(name, records.slice(0, 0), files)):
        assert "event" in got
        assert set(got) <= set(TABLES)
        for key, table in got.items():
            assert table.schema.equals(TABLES[key].schema(), check_metadata=True), key
            full = [c.name for c in TABLES[key].columns if c.absent is None and table[c.name].null_count]
            assert not full, f"{key}: null, and not declared so: {full}"
        assert set(got["event"]["format"].to_pylist()) <= {name}


@every_format
def test_every_record_becomes_an_event(name):
    check_events(told_whole(name)["event"], whole(name)[0])


def ordered(table):
    keys = [
        (c, "ascending")
        for c in ("event_id", "sha256", "start", "stop", "job", "step", "path")
        if c in table.column_names
    ]
    return table.sort_by(keys).to_pylist()


@every_format
def test_input_order_changes_nothing(name):
    records, files = whole(name)
    chance = random.Random(7)  # noqa: S311 - the same order in every run
    shuffled = [
        t.take(pa.array(chance.sample(range(t.num_rows), t.num_rows), pa.int64())) for t in (records, files)
    ]
    once, again = told_whole(name), read(name, *shuffled)
    assert {key: ordered(table) for key, table in once.items()} == {
        key: ordered(t) for key, t in again.items()
    }
