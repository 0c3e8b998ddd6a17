"""Lines of Slurm's logs that can be part of what a user typed, or that accounting tells otherwise.

Slurm's daemons write what they were sent into their logs as it stands, line ends too: `sbatch -p` with a line end in the queue's name,
`scontrol update` with one in a comment of one's own job, or `sbatch -o` with one in a path puts whole lines there that read like a daemon's own, with anybody's
uid. Such text is short, and stands behind a line that tells what it is. And whoever had a job ended is named by accounting too. So a
request that stands close behind such a line, or that accounting does not bear out, says nothing of who asked, unless accounting or a
recorded command of that uid does (behind such a line, accounting that quotes what users type: else both can be what was typed); and trouble of a job's that is told close behind such a line is none, unless accounting tells of it.
Where the line stands behind no such text, what accounting says can be what was typed as well (`imitated`): then neither says who asked,
unless a recorded command bears one of them out, or the controller tells of a request of accounting's uid too.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from forensics.analysis import imitated

Json = dict[str, Any]
KIND = "line_borne_out_by_nothing"
"""What such a line is told as."""
_LOGS = frozenset({imitated.CONTROLLER, "slurmd"})
_ASKED = frozenset({"kill_request", "job_update", "scheduler_edit"})
_SAID = frozenset({"other", "job_update"})
_REACH = 4_200
"""Bytes. Slurm takes 1,024 characters of a queue, a name or a comment, and 4,096 of a path."""
_FREE = "comment|extra|name|account|wckey|partition|features|stdout|stderr|stdin|workdir|work_dir|licenses|gres|tres|container|mail|dependency|reservation|qos|burst"
_REPEATS = re.compile(
    rf"(?i)^(?:sched: )?_?update_job[a-z_]*: set(?:ting)? [a-z_ ]*(?:{_FREE})[a-z_ ]* to |\b(?:invalid|unknown|unable to find|could not find|not found)\b"
    r"|(?:could not|couldn't) (?:open|chdir)|^execve\(|^chdir\("
)
"""Messages that repeat what a user typed: a job's own words, and what is said of words that mean nothing."""
_ACCOUNTING = frozenset({"sacct", "sacct_json", "sacct_padded"})
_TROUBLE = frozenset({"NODE_FAIL", "OUT_OF_MEMORY", "BOOT_FAIL"})
_READ = [
    "event_id",
    "format",
    "verb",
    "uid",
    "outcome",
    "job",
    "text",
    "sha256",
    "start",
    "stop",
    "earliest_ns",
]
_NEAR_NS = 10_000_000_000
_BETWEEN = re.compile(r"[ ,=]")
_MOST_TOLD = 20


class Alone(NamedTuple):
    """A line that nothing bears out: its event, log and job, what it says, and what accounting says of the job, or of a row of accounting the controller."""

    event: str
    log: str
    job: str | None
    said: str
    otherwise: tuple[tuple[str, Mapping[str, Any]], ...]


def withheld(
    events: pd.DataFrame, records: pd.DataFrame, ordinary: pa.Table
) -> tuple[pd.DataFrame, pd.DataFrame, tuple[Alone, ...]]:
    """Events without the uid and the account of requests, and without troubles, that nothing bears out; records without who asked, where neither does.

    Args:
        events: schema `event`, with `trail`.
        records: schema `job_record`.
        ordinary: of jobs that are not among them, the columns `owner` and `owner_uid`.

    Returns:
        The same, their order kept, and those lines in order of time.
    """
    logs = events.loc[events["format"].isin(_LOGS), _READ]
    asked = logs["verb"].isin(_ASKED) & logs["uid"].notna() & (logs["outcome"] != "failure")
    asked &= logs["format"] == imitated.CONTROLLER
    lines = logs[asked | ((logs["verb"] == "fault") & logs["job"].notna())]
    if not len(lines):
        return events, records, ()
    own = records[records["format"].isin(_ACCOUNTING) & records["job"].isin(set(lines["job"].dropna()))]
    told = _otherwise(own)
    behind = _behind(lines, _repeating(logs))
    doubted = lines[behind | ((lines["verb"] == "kill_request") & lines["job"].isin(set(told)))]
    if not len(doubted):
        return events, records, ()
    apart = ordinary.group_by(["owner", "owner_uid"]).aggregate([]).to_pandas()
    owners = pd.concat([records[["owner", "owner_uid"]], apart])
    asks = _Asked(events, owners, doubted)
    troubled = set(own.loc[own["outcome"].isin(_TROUBLE), "job"])
    commands = _Commands(events)
    borne = {quoted: asks.borne(quoted=quoted) for quoted in (True, False)}
    typed_behind = set(lines.loc[behind, "event_id"])
    alone = [
        e for e in doubted.to_dict("records")
        if (
            e["job"] not in troubled if e["verb"] == "fault"
            else (e["job"], int(e["uid"])) not in borne[e["event_id"] in typed_behind] and not commands.sent(e)
        )
    ]  # fmt: skip
    if not alone:
        return events, records, ()
    # Of what stands behind nothing that was typed, accounting can be what was.
    plain = set(doubted.loc[~behind[doubted.index] & (doubted["verb"] == "kill_request"), "event_id"])
    contested = {e["job"] for e in alone if e["event_id"] in plain}
    rows = asks.alone(contested, lines, commands)
    if rows:
        records = records.copy()
        of_rows = pd.MultiIndex.from_frame(records[["sha256", "job"]])
        records.loc[of_rows.isin([(e["sha256"], e["job"]) for e in rows]), ["requestor", "state"]] = None
        alone += rows
    events = events.copy()
    of = events["event_id"].isin({e["event_id"] for e in alone})
    events.loc[of & (events["verb"] == "fault"), "verb"] = "other"
    events.loc[of, "account"] = None
    events.loc[of, "uid"] = pd.NA
    events.loc[of, "account_absence"] = "not_recorded"
    otherwise = {e["event_id"]: told.get(e["job"], ()) for e in alone if e["format"] in _LOGS}
    lone = [e for e in alone if e["event_id"] in plain]
    for row in rows:
        told_of = [e for e in lone if e["job"] == row["job"]][:_MOST_TOLD]
        otherwise[row["event_id"]] = tuple((_said(e), imitated.cited(e)) for e in told_of)
    return (
        events,
        records,
        tuple(
            Alone(e["event_id"], e["format"], e["job"], _said(e), otherwise.get(e["event_id"], ()))
            for e in alone
        ),
    )


def ends_behind(events: pd.DataFrame) -> frozenset[str]:
    """The lines of the controller's, by event, that tell of a job's end and stand close behind one that repeats what a user typed: they bear nothing out.

    Args:
        events: schema `event`.
    """
    logs = events.loc[events["format"] == imitated.CONTROLLER, _READ]
    ends = logs[(logs["verb"] == "end") & logs["job"].notna()]
    return frozenset(ends.loc[_behind(ends, _repeating(logs)), "event_id"])


def _repeating(logs: pd.DataFrame) -> pd.DataFrame:
    """The lines of logs that repeat what a user typed."""
    said = logs[logs["verb"].isin(_SAID) & logs["text"].notna()]
    # The flags have a type: pandas reads an empty list of them as a choice of no columns.
    return said[pd.Series([bool(_REPEATS.search(text)) for text in said["text"]], said.index, dtype=bool)]


def _said(line: Mapping[Any, Any]) -> str:
    if line["verb"] == "fault":
        return "trouble of a job"
    who = f"account {line['account']}" if pd.isna(line["uid"]) else f"uid {int(line['uid'])}"
    return f"{who} asked: {line['verb']}"


class _Asked:
    """Who asked to end some jobs by what accounting says, which tells a name by the uid of its owner's jobs."""

    def __init__(self, events: pd.DataFrame, owners: pd.DataFrame, lines: pd.DataFrame) -> None:
        uids: dict[str, set[int]] = {}
        for name, uid in owners.dropna().drop_duplicates().itertuples(index=False):
            uids.setdefault(name, set()).add(int(uid))
        asks = events[
            (events["verb"] == "kill_request")
            & ~events["format"].isin(_LOGS)
            & events["job"].isin(set(lines["job"].dropna()))
        ]
        self._rows = [
            (e, sorted(uids.get(e["account"], ())) if pd.isna(e["uid"]) else [int(e["uid"])])
            for e in asks[[*_READ, "account"]].to_dict("records")
        ]
        self._told = {(e["job"], uid, e["format"]) for e, own in self._rows for uid in own}

    def borne(self, *, quoted: bool) -> set[tuple[str, int]]:
        """The jobs that accounting says a uid asked to end; by what quotes what users type alone, or by any of it."""
        return {(job, uid) for job, uid, fmt in self._told if not (quoted and fmt in imitated.UNQUOTED)}

    def alone(self, jobs: set[str], lines: pd.DataFrame, commands: "_Commands") -> list[dict[Any, Any]]:
        """Of some jobs the rows that quote nothing, whose uid neither a line of the controller's nor a command bears out."""
        asked = lines[(lines["verb"] == "kill_request") & lines["job"].isin(jobs)]
        told = set(zip(asked["job"], asked["uid"].astype(int), strict=True))
        return [
            e | {"uid": own[0] if own else None}
            for e, own in self._rows
            if e["job"] in jobs
            and e["format"] in imitated.UNQUOTED
            and not any((e["job"], uid) in told or commands.sent(e | {"uid": uid}) for uid in own)
        ]


def _behind(lines: pd.DataFrame, typed: pd.DataFrame) -> "pd.Series[bool]":
    """Which lines stand close behind a line of their file that repeats what a user typed."""
    out = pd.Series(False, index=lines.index)
    for sha256, rows in typed.groupby("sha256", sort=True):
        own = lines[lines["sha256"] == sha256].sort_values("start")
        last = pd.merge_asof(
            own[["start"]], rows[["start", "stop"]].sort_values("start").rename(columns={"start": "begun"}),
            left_on="start", right_on="begun", allow_exact_matches=False,
        )  # fmt: skip
        out.loc[own.index] = (last["start"] - last["stop"] <= _REACH).fillna(value=False).to_numpy(bool)
    return out


def _otherwise(own: pd.DataFrame) -> dict[str, tuple[tuple[str, Mapping[str, Any]], ...]]:
    """Of jobs whose accounting tells that they ended by themselves, or who else ended them: what it says, and where."""
    columns = ["job", "outcome", "requestor", "format", "state", "sha256", "start", "stop"]
    jobs = own.loc[own["step"].isna() & own["outcome"].notna(), columns]
    by_itself = jobs["outcome"].isin(imitated.BY_ITSELF) | jobs["requestor"].notna()
    whole = ~jobs["job"].isin(set(jobs.loc[~by_itself, "job"]))
    if not whole.any():
        return {}
    return {
        str(job): tuple(
            (f"{row['format']}: {row['state']}", imitated.cited(row))
            for row in rows.head(_MOST_TOLD).to_dict("records")
        )
        for job, rows in jobs[whole].groupby("job", sort=True)
    }


class _Commands:
    """When the commands of a trail were run by which somebody asks Slurm's controller to end or to change something, by uid and by each of their words."""

    def __init__(self, events: pd.DataFrame) -> None:
        ran = (
            events["trail"]
            & (events["verb"] == "execute")
            & events["earliest_ns"].notna()
            & events["uid"].notna()
        )
        told = events.loc[ran, ["earliest_ns", "uid", "exe", "argv"]]
        by = [str(exe).rpartition("/")[2] in {"scancel", "scontrol"} for exe in told["exe"]]
        asking = told.loc[pd.Series(by, told.index, dtype=bool), ["earliest_ns", "uid", "argv"]]
        found: dict[tuple[int, str | None], list[int]] = {}
        for at, uid, argv in asking.itertuples(index=False):
            words = set(_BETWEEN.split(" ".join(map(str, argv or ()))))
            for word in (None, *words):
                found.setdefault((int(uid), word), []).append(int(at))
        self._times: dict[tuple[int, str | None], npt.NDArray[np.int64]] = {
            key: np.sort(np.array(times, np.int64)) for key, times in found.items()
        }

    def sent(self, request: Mapping[Any, Any]) -> bool:
        """Whether a command of that uid named the job in the seconds of a request."""
        job = None if request["job"] is None else str(request["job"])
        times = self._times.get((int(request["uid"]), job))
        if times is None or pd.isna(request["earliest_ns"]):
            return False
        at = int(request["earliest_ns"])
        first, stop = (
            np.searchsorted(times, at - _NEAR_NS),
            np.searchsorted(times, at + _NEAR_NS, side="right"),
        )
        return bool(first < stop)


def contradictions(found: Iterable[Alone], cites: Any) -> list[Json]:  # noqa: ANN401
    """Such lines, each with what accounting says of the job, where it says something."""
    return [
        {
            "about": f"line of {one.log}" + ("" if one.job is None else f" on job {one.job}"),
            "kind": KIND,
            "says": [
                {"what": one.said, "citations": cites([one.event])},
                *({"what": what, "citations": [dict(cited)]} for what, cited in one.otherwise),
            ],
        }
        for one in found
    ]
