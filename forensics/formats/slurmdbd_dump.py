r"""Dump of the Slurm accounting database (mysqldump): scripts and environments of jobs, and who changed what.

    INSERT INTO `mlcluster_job_script_table` VALUES (7,'2026-11-23 15:11:42','b1946ac9…','#!/bin/sh\npython train.py\n');

Shape   SQL statements; of `…_job_script_table`, `…_job_env_table` and `txn_table` each row in parentheses is a
        record, and of `…_job_table` each that leads to a script or an environment; everything else is ignored
Source  Slurm 21.08 to 26.05: src/plugins/accounting_storage/mysql/accounting_storage_mysql.c; mysqldump(1)
Time    timestamp counts seconds since 1970; last_used is a wall clock of the dump's zone, mostly UTC
Who     actor is the name that the accounting daemon gave the uid it authenticated. A script is its submitter's,
        and a job's row leads to it by its number
Open    Whoever can write to the database can write anything. What `forensics.core.sqldump` says of damage and of several
        databases holds. Other tables, and what else a job's row holds, are left: their columns depend on the version, and
        accounting tells them. Columns are named by the dump; where it names none, by their number (24.11 put `deleted` first)
"""

import hashlib
import re
from collections.abc import Iterator

import pyarrow as pa

from forensics.core import jobenvironment, sqldump
from forensics.core.model import IGNORED, REJECTED, SPAN, Parsed
from forensics.core.schema import Column, Table

_NONE = "not in this table"
TABLE = Table(
    "slurmdbd_dump",
    "a row of the accounting database",
    (
        Column("table", pa.string(), "job_script_table, job_env_table, job_table or txn_table"),
        Column("cluster", pa.string(), "cluster", None, "of no one cluster"),
        Column(
            "number", pa.string(), "the row's own number, to which a job's row leads; of a job's row, its id"
        ),
        Column("job", pa.string(), "job, an array's task as `10_3`", None, _NONE),
        Column(
            "script", pa.string(), "number of the job's script", None, "none was kept, or not in this table"
        ),
        Column(
            "environment",
            pa.string(),
            "number of its environment",
            None,
            "none was kept, or not in this table",
        ),
        Column("hash", pa.string(), "hash of the text, as the controller made it", None, _NONE),
        Column("last_used", pa.string(), "when a job last came with it, as written", None, _NONE),
        Column("timestamp_s", pa.int64(), "when it was changed", "s since 1970-01-01T00:00:00Z", _NONE),
        Column("action", pa.string(), "number of the message that asked for it", None, _NONE),
        Column("target", pa.string(), "what was changed, as a condition", None, _NONE),
        Column("actor", pa.string(), "account that asked, as authenticated", None, _NONE),
        Column("bytes", pa.int64(), "size of the script or environment", "bytes", _NONE),
        Column("blob", pa.string(), "git object id that a file of this script has", None, _NONE),
        Column(
            "text",
            pa.string(),
            "first 4,096 characters of the script, or of what was set; an environment's names without their values, but for the commits that some are named for, which come first",
            None,
            "empty",
        ),
        *SPAN,
    ),
)
CUT = "whole"
DOMAIN = "slurm:database"

_SCRIPT = ("hash_inx", "last_used", "script_hash", "batch_script")
_ENVIRONMENT = ("hash_inx", "last_used", "env_hash", "env_vars")
_TXN = ("id", "timestamp", "action", "name", "actor", "cluster", "info")
_NEEDED = {
    "job_script_table": frozenset({"hash_inx", "batch_script"}),
    "job_env_table": frozenset({"hash_inx", "env_vars"}),
    "job_table": frozenset({"id_job", "env_hash_inx", "script_hash_inx"}),
    "txn_table": frozenset({"id", "timestamp", "actor"}),
}
_ASSUMED = {
    name: {len(columns): columns, len(columns) + 1: ("deleted", *columns)}
    for name, columns in (("job_script_table", _SCRIPT), ("job_env_table", _ENVIRONMENT), ("txn_table", _TXN))
}
_NAME = re.compile(
    r"(?:(?P<cluster>[A-Za-z0-9_-]{1,64}?)_(?=job))?(?P<table>job_script_table|job_env_table|job_table|txn_table)"
)
_NO_TASK = 0xFFFF_FFFE
_LONGEST_TEXT = 4096
_LONGEST_BYTES = 1 << 24
_PIECE_ROWS = 1 << 12


def recognise(head: bytes, path: str) -> int:  # noqa: ARG001 - the content is enough
    """Sure of one of these tables; a dump names itself first, and its tables may come late."""
    for name, columns in sqldump.tables(head).items():
        found = _NAME.fullmatch(name)
        if found is not None and columns >= _NEEDED[found["table"]]:
            return 95
    if b"INSERT INTO `" in head and re.search(
        rb"^INSERT INTO `(?:[A-Za-z0-9_-]{1,64}_job_(?:script|env)_table|txn_table)` VALUES",
        head,
        re.MULTILINE,
    ):
        return 95
    dump = re.match(rb"(?:/\*M?!.*\n)?-- (?:MySQL|MariaDB) dump ", head)
    return (
        80
        if dump and re.search(rb"Database: slurm|`[A-Za-z0-9_-]+_(?:assoc|job)_table`|`txn_table`", head)
        else 0
    )


def parse(data: bytes, base: int) -> Parsed:
    """Read the rows of the tables that are read; everything else is ignored."""
    return _parsed(sqldump.rows(data, base, _wanted))


def pieces(data: bytes, base: int) -> Iterator[Parsed]:
    """The same, some rows after others: a script can be long, and a dump can hold very many."""
    yield from map(_parsed, sqldump.pieces(data, base, _wanted, _PIECE_ROWS))


def _parsed(found: sqldump.Found) -> Parsed:
    rows, rejected, ignored = found
    return Parsed(
        TABLE.build({name: [row.get(name) for row in rows] for name in TABLE.names}),
        REJECTED.build({name: [r[n] for r in rejected] for n, name in enumerate(REJECTED.names)}),
        IGNORED.build({name: [i[n] for i in ignored] for n, name in enumerate(IGNORED.names)}),
    )


def _wanted(name: str) -> sqldump.Wanted | None:
    found = _NAME.fullmatch(name)
    if found is None:
        return None
    table, cluster = found["table"], found["cluster"]
    read = _job if table == "job_table" else _row
    return sqldump.Wanted(_NEEDED[table], lambda held: read(table, cluster, held), _ASSUMED.get(table, {}))


def _job(table: str, cluster: str | None, held: sqldump.Values) -> dict[str, object] | None:
    """A job's row, where it leads to a script or an environment."""
    number = {name: int(raw) if raw is not None and re.fullmatch(rb"[0-9]{1,20}", raw) else 0 for name, raw in held.items() if name in _OF_JOB}  # fmt: skip
    script, environment = number["script_hash_inx"], number["env_hash_inx"]
    if not number["id_job"] or not (script or environment):
        return None
    job = str(number["id_job"])
    array, task = number.get("id_array_job", 0), number.get("id_array_task", _NO_TASK)
    whole, offset = number.get("het_job_id", 0), number.get("het_job_offset", _NO_TASK)
    if array and task < _NO_TASK:
        job = f"{array}_{task}"
    elif whole and offset < _NO_TASK:
        job = f"{whole}+{offset}"
    told: dict[str, object] = {
        "table": table,
        "cluster": cluster,
        "number": str(number["id_job"]),
        "job": job,
    }
    return told | {
        "script": str(script) if script else None,
        "environment": str(environment) if environment else None,
    }


_OF_JOB = frozenset(
    {
        "id_job",
        "env_hash_inx",
        "script_hash_inx",
        "id_array_job",
        "id_array_task",
        "het_job_id",
        "het_job_offset",
    }
)


def _row(table: str, cluster: str | None, held: sqldump.Values) -> dict[str, object]:
    shown = {
        name: None if value is None else value.decode("utf-8", "backslashreplace")
        for name, value in held.items()
    }
    told: dict[str, object] = {"table": table, "cluster": cluster}
    if table == "txn_table":
        seconds = shown.get("timestamp") or ""
        told |= {"number": shown.get("id") or "", "action": shown.get("action"), "target": shown.get("name")}
        told |= {"actor": shown.get("actor"), "cluster": shown.get("cluster") or None}
        told["timestamp_s"] = int(seconds) if re.fullmatch(r"[0-9]{1,12}", seconds) else None
        return told | {"text": (shown.get("info") or "")[:_LONGEST_TEXT] or None}
    script = table == "job_script_table"
    raw = (held.get("batch_script" if script else "env_vars") or b"")[:_LONGEST_BYTES]
    text = raw.decode("utf-8", "backslashreplace")
    kept = text if script else jobenvironment.told(text)
    file = raw.rstrip(b"\0\r\n") + b"\n"
    blob = hashlib.sha1(b"blob %d\0" % len(file) + file, usedforsecurity=False).hexdigest()
    told |= {"number": shown.get("hash_inx") or "", "last_used": shown.get("last_used"), "bytes": len(raw)}
    told |= {"hash": shown.get("script_hash" if script else "env_hash"), "blob": blob if script else None}
    return told | {"text": kept[:_LONGEST_TEXT] or None}
