"""Which log of a scheduler tells what of a job: a page of the reference, made of the samples.

A cell is filled where the reading of some sample filled it. So the page says what was seen to be read, and a
sample that is taken away, or a reading that no longer tells something, changes the page.
"""

import hashlib
from collections.abc import Iterator, Mapping
from functools import cache
from importlib import import_module
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

import forensics
from forensics.core.endings import ENDINGS
from forensics.core.model import Format
from forensics.core.schema import extended
from forensics.core.tables import FILE, JOB_RECORD, SHA256
from forensics.formats import registry

SAMPLES = Path(forensics.__file__).parents[1] / "sample_logs" / "formats"
FACTS = {
    "job": "the id that the scheduler gave",
    "cluster": "which scheduler gave it",
    "submitted": "when it was submitted: with the id and the cluster, the job's identity",
    "owner": "account or uid that owns it",
    "submitter": "account or uid that submitted it, where the log's writer authenticated it, or names it beside the owner",
    "kill": "account or uid that asked to end it",
    "update": "account or uid that asked to change the job, or the scheduler",
    "gpus": "GPUs, as a number",
    "nodes": "nodes, by name or as a number",
    "energy": "energy in J",
    **ENDINGS,
}
"""What is asked of each log, and what a filled cell means. The last are how a job ended."""
_COLUMNS = {
    "cluster": ("cluster",), "submitted": ("submit_ns",), "owner": ("owner", "owner_uid"), "submitter": ("submitter",),
    "kill": ("requestor",), "gpus": ("gpus",), "nodes": ("nodes", "node_count"), "energy": ("energy_j",),
}  # fmt: skip
_VERBS = {
    "submitter": ("submit",),
    "kill": ("kill_request",),
    "update": ("job_update", "scheduler_edit"),
}
_ZONE, _ANCHOR_NS = "Etc/UTC", 1_795_446_697_000_000_000
_COMMON = {"jobrecords", "kubetold", "schedulerevents", "slurmlog"}
_WORKING = {"kill_request", "job_update", "scheduler_edit", "submit"}


@cache
def told() -> Mapping[str, frozenset[str]]:
    """The facts that the samples of each scheduler's log fill, by format.

    A scheduler's log is one whose reading uses what is common to those, and tells of jobs that were submitted, ended or
    changed, or of changes of a scheduler.
    """
    found = {}
    for name, form in registry().items():
        reading = import_module(f"forensics.readings.{name}")
        if not _COMMON & vars(reading).keys():
            continue
        paths = sorted(path for path in (SAMPLES / name).glob("*") if path.is_file())
        made = reading.read(*_evidence(form, paths), zone=_ZONE, anchor_ns=_ANCHOR_NS)
        if "job_record" in made or _WORKING & set(made["event"]["verb"].to_pylist()):
            found[name] = filled(made)
    return found


def filled(made: Mapping[str, pa.Table]) -> frozenset[str]:
    """The facts that the tables of a reading hold."""
    event, records = made["event"], made.get("job_record", JOB_RECORD.empty())
    known = pc.or_(pc.is_valid(event["account"]), pc.is_valid(event["uid"]))
    verbs = set(event["verb"].filter(known).to_pylist())
    facts = {fact for fact, words in _VERBS.items() if verbs & set(words)}
    facts |= {fact for fact, names in _COLUMNS.items() if any(_some(records, name) for name in names)}
    facts |= {word for word in records["ending"].unique().to_pylist() if word is not None}
    return frozenset(facts | ({"job"} if _some(event, "job") or records.num_rows else set()))


def _some(table: pa.Table, name: str) -> bool:
    return bool(table[name].null_count < table.num_rows)


def _evidence(form: Format, paths: list[Path]) -> tuple[pa.Table, pa.Table]:
    """The records of samples, and the files that they stand in, as a reading is handed them."""
    records, files = [], []
    for path in paths:
        raw = path.read_bytes()
        sha256, rows = hashlib.sha256(raw).hexdigest(), form.parse(raw, 0).records
        columns = [pa.array([sha256] * rows.num_rows, pa.string()), *rows.columns]
        records.append(pa.Table.from_arrays(columns, schema=extended(form.TABLE, SHA256).schema()))
        place = f"login01/var/log/{path.name}"
        files.append({"sha256": sha256, "path": place, "host": "login01", "origin": f"/var/log/{path.name}", "bytes": len(raw)}
            | {"kind": "file", "held": "copied", "format": form.TABLE.name, "domain": form.DOMAIN.replace("{host}", "login01")}
            | dict.fromkeys(("parsed", "rejected", "ignored"), 0))  # fmt: skip
    held = FILE.build({name: [file.get(name) for file in files] for name in FILE.names})
    return pa.concat_tables(records).sort_by([("sha256", "ascending"), ("start", "ascending")]), held


def page() -> Iterator[str]:
    """Lines of the page."""
    yield "A cell is filled where the reading of a sample (`sample_logs/formats`) filled it; an empty one is not in that log, or"
    yield "no sample has it. An account stands here only where the log's writer authenticated it, or where it names an owner."
    yield ""
    yield from [
        "| fact | meaning |",
        "| --- | --- |",
        *(f"| {_shown(f)} | {m} |" for f, m in FACTS.items()),
        "",
    ]
    early = len(FACTS) - len(ENDINGS)
    for facts in (list(FACTS)[:early], list(FACTS)[early:]):
        yield f"| log | {' | '.join(map(_shown, facts))} |"
        yield f"| --- |{' --- |' * len(facts)}"
        for name, known in told().items():
            if known & set(facts):
                yield f"| [`{name}`](formats.md#{name}) | {' | '.join('yes' if f in known else '' for f in facts)} |"
        yield ""


def _shown(fact: str) -> str:
    return fact.replace("_", " ")
