r"""Dump of the Slurm accounting database (mysqldump): scripts and environments of jobs, and who changed what.

    INSERT INTO `mlcluster_job_script_table` VALUES (7,'2026-11-23 15:11:42','b1946ac9…','#!/bin/sh\npython train.py\n');

Shape   SQL statements; of `…_job_script_table`, `…_job_env_table` and `txn_table` each row in parentheses is a
        record, everything else is ignored
Source  Slurm 21.08 to 26.05: src/plugins/accounting_storage/mysql/accounting_storage_mysql.c; mysqldump(1)
Time    timestamp counts seconds since 1970; last_used is a wall clock of the dump's zone, mostly UTC
Who     actor is the name that the accounting daemon gave the uid it authenticated. A script is its submitter's,
        and a job's row leads to it by its number
Open    Whoever can write to the database can write anything. A script is escaped, so that none of it begins a
        line. Other tables are left: their columns depend on the version
"""

import hashlib
import re

import pyarrow as pa

from forensics.core import jobenvironment, jsonlists
from forensics.core.model import IGNORED, REJECTED, SPAN, Parsed, Why
from forensics.core.schema import Column, Table

_NONE = "not in this table"
TABLE = Table(
    "slurmdbd_dump",
    "a row of the accounting database",
    (
        Column("table", pa.string(), "job_script_table, job_env_table or txn_table"),
        Column("cluster", pa.string(), "cluster", None, "of no one cluster"),
        Column("number", pa.string(), "the row's own number, to which a job's row leads"),
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

_COLUMNS = {
    "job_script_table": ["hash_inx", "last_used", "script_hash", "batch_script"],
    "job_env_table": ["hash_inx", "last_used", "env_hash", "env_vars"],
    "txn_table": ["id", "timestamp", "action", "name", "actor", "cluster", "info"],
}
_INSERT = re.compile(
    rb"^INSERT INTO `(?:(?P<cluster>[A-Za-z0-9_-]{1,64}?)_)?(?P<table>job_script_table|job_env_table|txn_table)`"
    rb"(?: \((?P<columns>[^()\n]{1,1000})\))? VALUES[ \n]*",
    re.MULTILINE,
)
_VALUE = re.compile(
    rb"(?:_binary )?'(?P<text>[^'\\]*+(?:(?:\\.|'')[^'\\]*+)*)'|(?P<hex>0x[0-9A-Fa-f]+)|(?P<bare>NULL|-?[0-9]{1,20})",
    re.DOTALL,
)
_ESCAPE = re.compile(rb"\\(.)|''", re.DOTALL)
_ESCAPED = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"0": b"\0", b"Z": b"\x1a", b"b": b"\b"}
_LONGEST_TEXT = 4096
_LONGEST_BYTES = 1 << 24


def recognise(head: bytes, path: str) -> int:  # noqa: ARG001 - the content is enough
    """Sure of a row of one of these tables; a dump names itself first, and its tables may come late."""
    if _INSERT.search(head):
        return 95
    dump = re.match(rb"(?:/\*M?!.*\n)?-- (?:MySQL|MariaDB) dump ", head)
    return (
        80
        if dump and re.search(rb"Database: slurm|`[A-Za-z0-9_-]+_(?:assoc|job)_table`|`txn_table`", head)
        else 0
    )


def parse(data: bytes, base: int) -> Parsed:
    """Read the rows of the tables that are read; everything else is ignored."""
    rows: list[dict[str, object]] = []
    rejected: list[tuple[int, int, Why]] = []
    after = 0
    for statement in _INSERT.finditer(data):
        if statement.start() >= after:
            after = _rows(data, statement, base, rows, rejected)
    taken = [(int(str(row["start"])) - base, int(str(row["stop"])) - base) for row in rows]
    taken += [(start, stop) for start, stop, _ in rejected]
    ignored = jsonlists.between(sorted(taken), len(data))
    return Parsed(
        TABLE.build({name: [row.get(name) for row in rows] for name in TABLE.names}),
        REJECTED.build(
            {
                "start": [start + base for start, _, _ in rejected],
                "stop": [stop + base for _, stop, _ in rejected],
                "why": [why.value for _, _, why in rejected],
            }
        ),
        IGNORED.build({"start": [a + base for a, _ in ignored], "stop": [b + base for _, b in ignored]}),
    )


def _rows(
    data: bytes,
    statement: re.Match[bytes],
    base: int,
    rows: list[dict[str, object]],
    rejected: list[tuple[int, int, Why]],
) -> int:
    """Read the rows of one statement; where it ends. What cannot be read is rejected up to the next statement."""
    table = statement["table"].decode("ascii")
    named = statement["columns"]
    names = re.findall(r"`?([A-Za-z_]+)`?", named.decode("ascii", "replace")) if named else _COLUMNS[table]
    cluster = statement["cluster"].decode("ascii") if statement["cluster"] else None
    at = statement.end()
    while at < len(data):
        values, stop, why = _tuple(data, at)
        if why is None and len(values) != len(names):
            why = Why.SHAPE
        if why is not None:
            following = _INSERT.search(data, at + 1)
            end = following.start() if following else len(data)
            rejected.append((at, end, why))
            return end
        rows.append(
            _row(table, cluster, dict(zip(names, values, strict=True)))
            | {"start": at + base, "stop": stop + base}
        )
        if data[stop : stop + 1] != b",":
            return stop
        space = re.compile(rb"[ \n]*").match(data, stop + 1)
        at = space.end() if space else stop + 1
    return at


def _tuple(data: bytes, at: int) -> tuple[list[bytes | None], int, Why | None]:
    """The values in parentheses at a place, where they end, and why they cannot be read."""
    values: list[bytes | None] = []
    if data[at : at + 1] != b"(":
        return values, at, Why.SHAPE
    mark = b","
    while mark == b",":
        found = _VALUE.match(data, at + 1)
        if found is None:
            return values, at, Why.TRUNCATED if b"\n" not in data[at:] else Why.SHAPE
        values.append(_value(found))
        at = found.end()
        mark = data[at : at + 1]
    if mark != b")":
        return values, at, Why.SHAPE if mark else Why.TRUNCATED
    return values, at + 1, None


def _value(found: re.Match[bytes]) -> bytes | None:
    if found["text"] is not None:
        return _ESCAPE.sub(lambda m: b"'" if m[1] is None else _ESCAPED.get(m[1], m[1]), found["text"])
    if found["hex"] is not None:
        digits = found["hex"][2:].decode("ascii")
        return bytes.fromhex(digits if len(digits) % 2 == 0 else "0" + digits)
    return None if found["bare"] == b"NULL" else found["bare"]


def _row(table: str, cluster: str | None, held: dict[str, bytes | None]) -> dict[str, object]:
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
