"""What the git server's log is taken to tell: who pushed what, from where, and what was refused.

The account is the one whose key opened the connection, so it is authenticated by the server; whoever
administers the server, or its key directory, could have forged it. In a `bypass` the name is a
variable of a local process, so no account is given. An update is written just before git moves the
ref, which may still fail: the reflog of the repository says whether it moved.
"""

import re
from collections.abc import Hashable, Mapping

import pandas as pd
import pyarrow as pa

from forensics.core import clock
from forensics.core.ids import event_id
from forensics.core.tables import EVENT

NEEDS_ANCHOR = False

_OPENERS = ("ssh", "http")
_COMMAND = re.compile(r"git[- ](?P<verb>upload|receive)-pack '?/?(?P<repository>[^'\t]*?)(?:\.git)?/?'?")
_SAID = ("verb", "outcome", "account", "account_absence", "object", "object_from", "repository", "text")
_LONGEST_TEXT = 4096
_CHANGES = re.compile(r"W|\+|C|D|WM|\+M")


def read(
    records: pa.Table,
    files: pa.Table,
    *,
    zone: str,
    anchor_ns: int | None,  # noqa: ARG001 - every time is dated
) -> Mapping[str, pa.Table]:
    """One event for each line; a push also cites the line that opened its connection."""
    rows = _rows(records, files)
    when = clock.walls(_text(rows["wall"]), layout="%Y-%m-%d.%H:%M:%S", zone=zone, tick_ns=clock.NS_PER_S)
    said = [_said(row) for row in rows.to_dict("records")]
    sources = [
        None if ns is None else f"{host or domain}:gitolite"
        for ns, host, domain in zip(when.earliest_ns.to_pylist(), rows["host"], rows["domain"], strict=True)
    ]
    spans = zip(rows["sha256"], rows["start"], rows["stop"], strict=True)
    event = EVENT.build(
        {
            "event_id": pa.array([event_id(*span) for span in spans], pa.string()),
            "earliest_ns": when.earliest_ns,
            "latest_ns": when.latest_ns,
            "clock": pa.array(sources, pa.string()),
            "format": ["gitolite"] * len(rows),
            "domain": _text(rows["domain"]),
            "host": _text(rows["host"]),
            "pid": pa.array(rows["pid"].tolist(), pa.int64()),
            "address": _text(rows["from"]),
            **{name: pa.array([line[name] for line in said], pa.string()) for name in _SAID},
            "object_kind": pa.array(["ref" if line["object"] else None for line in said], pa.string()),
            "citations": [_citations(row) for row in rows.to_dict("records")],
            "sha256": _text(rows["sha256"]),
            "start": pa.array(rows["start"].tolist(), pa.int64()),
            "stop": pa.array(rows["stop"].tolist(), pa.int64()),
        }
    )
    return {"event": event}


def _text(values: pd.Series) -> pa.Array:
    return pa.array(values.tolist(), pa.string())


def _rows(records: pa.Table, files: pa.Table) -> pd.DataFrame:
    """The lines, each with its file's host and domain and with the line that opened its connection.

    Pids come round again: a request is the lines of one pid from one opening, or from the end of the
    request before, to its end.
    """
    rows = pd.DataFrame({name: records[name].to_pylist() for name in records.column_names}, dtype=object)
    rows = rows.sort_values(["sha256", "start"], ignore_index=True)
    first = files.select(["sha256", "path", "host", "domain"]).to_pandas().sort_values(["sha256", "path"])
    first = first.drop_duplicates("sha256").drop(columns="path").astype(object)
    rows = rows.merge(first, on="sha256", how="left").sort_values(["sha256", "start"]).astype(object)
    opens = rows["kind"].isin(_OPENERS) & rows["command"].notna()
    process = [rows["sha256"], rows["pid"]]
    ended = (rows["kind"] == "END").groupby(process).shift(fill_value=False)
    rows["request"] = (opens | ended).astype("int64").groupby(process).cumsum()
    request = [rows["sha256"], rows["pid"], rows["request"]]
    for name, column in (("from", "address"), ("opened", "start"), ("opened_stop", "stop")):
        rows[name] = rows[column].where(opens, None).groupby(request).transform("first")
    rows["refused"] = rows["denied"].notna().groupby(request).transform("any")
    earlier = rows["denied"].notna() & (rows["kind"] != "die")
    rows["told"] = earlier.groupby(request).transform("any") & (rows["kind"] == "die")
    return rows.astype(object).where(rows.notna(), None)


def _said(row: Mapping[Hashable, object]) -> dict[str, object]:
    """Verb, outcome, actor and object of one line."""
    verb, outcome = _verb(row)
    bypass = row["access"] == "bypass"
    account = None if bypass else row["user"]
    asked = _COMMAND.fullmatch(str(row["command"] or ""))
    text = str(row["rest"]).replace("\t", " ")
    if verb == "push":
        text = f"new={row['new']} access={row['access']}" + (f" user={row['user']}" if bypass else "")
    ref = row["ref"] if row["ref"] != "any" else None
    return {
        "verb": verb,
        "outcome": outcome,
        "account": account,
        "account_absence": None if account else "not_recorded",
        "object": ref,
        "object_from": row["old"],
        "repository": row["repository"] or (asked["repository"] if asked else None),
        "text": text[:_LONGEST_TEXT],
    }


def _verb(row: Mapping[Hashable, object]) -> tuple[str, str | None]:
    """What the line says happened. A refusal told twice is one denied push."""
    if row["denied"] is not None:
        changes = _CHANGES.fullmatch(str(row["access"])) and not row["told"]
        return ("push_denied" if changes else "other"), "failure"
    if row["kind"] == "update" and row["new"] is not None:
        return "push", "success"
    asked = _COMMAND.fullmatch(str(row["command"] or ""))
    if asked and asked["verb"] == "upload":
        return ("other", "failure") if row["refused"] else ("fetch", None)
    return "other", None


def _citations(row: Mapping[Hashable, object]) -> list[dict[str, object]]:
    """The line itself, then the line that opened its connection."""
    own = {"sha256": row["sha256"], "start": row["start"], "stop": row["stop"]}
    opened = {"sha256": row["sha256"], "start": row["opened"], "stop": row["opened_stop"]}
    return [own] if row["opened"] in {None, row["start"]} else [own, opened]
