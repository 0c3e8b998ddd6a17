"""Which jobs of a large case are ordinary, as `analysis.ordinary` has it, and what is counted of their events.

One is if accounting tells of it in one record, whole and of one file, and nothing else in the evidence names it, ran in its
folder by its owner's number, or can have submitted it. Where the case file names no job, and very many ended badly, one of
these is if nothing can bear on its end either (`harms`). In doubt a job is none.
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from forensics.analysis import (
    anchors,
    artefacts,
    displaced,
    evidence,
    imitated,
    inquiry,
    ordinary,
    unrecorded,
)
from forensics.core import controlgroups, endings
from forensics.core.roster import Question
from forensics.core.tables import JOB_RECORD
from forensics.pipeline import harms
from forensics.pipeline.harms import stretches
from forensics.store import parquet, places
from forensics.store.places import Asked, Places

CONTROLLER = imitated.CONTROLLER
"""The format of the controller's log. What it tells of an ordinary job is that it was submitted, that it started, and that it ended."""
FORMATS = ("jobcomp", "jobcomp_json", "sacct", "sacct_json", "sacct_padded")
"""Formats of accounting, of which each line tells one job or one step."""
VERBS = ("end", "kill_request", "start", "submit")
_RULES = {"submit": ("submit", "submit_record"), "kill_request": ("cancel", "kill_request")}
"""By verb, the kind of act that accounting's record is by itself, and its rule."""
_WORD = re.compile(r"[A-Za-z0-9_.\[\]-]+")
_PART = re.compile(r"[0-9]+")
_SCRIPT = re.compile(r"/job(?:0++(?=[0-9])|0*(?=0/))?([0-9]++)/slurm_script")
_FLAT = f"format IN {FORMATS} AND verb IN {VERBS} AND (verb <> 'kill_request' OR outcome IS DISTINCT FROM 'failure')"
_CONTROLLED = (
    f"format = '{CONTROLLER}' AND (verb IN ('submit', 'start') AND outcome IS DISTINCT FROM 'failure' OR verb = 'end')"
    " AND account IS NULL AND address IS NULL AND pid IS NULL AND sha256 NOT IN (SELECT sha256 FROM odd)"
)
"""What the controller tells of every job, asked for by nobody but its owner."""
_TWICE = " OR ".join(
    [
        *(
            f"min(sha256) FILTER ({those}) <> max(sha256) FILTER ({those})"
            for those in (f"format = '{CONTROLLER}'", f"format <> '{CONTROLLER}'")
        ),
        *(
            f"count(*) FILTER (format = '{CONTROLLER}' AND verb = '{verb}') > 1"
            for verb in ("submit", "start")
        ),
    ]
)
"""Two files of one kind tell of a job, or one tells twice that it was submitted or that it started."""
_OTHERWISE = (
    f"bool_or(format <> '{CONTROLLER}' AND verb = 'kill_request')"
    f" AND bool_or(format = '{CONTROLLER}' AND verb = 'end' AND regexp_matches(coalesce(text, ''), '{imitated.ENDED}'))"
)
"""Accounting says that somebody asked for a job's end, and the controller that it ended by itself."""
_TOLD_OF = f"SELECT job FROM part WHERE job IS NOT NULL GROUP BY job HAVING bool_or(NOT ({_FLAT}) AND NOT coalesce({_CONTROLLED}, false)) OR {_OTHERWISE} OR {_TWICE}"
_BASE = "regexp_extract(exe, '[^/]*$')"
_CHOSEN = f"""
SELECT {{columns}} FROM part
SEMI JOIN (
    SELECT job FROM part GROUP BY job HAVING count(*) FILTER (step IS NULL) = 1 AND min(sha256) = max(sha256)
) AS once USING (job)
ANTI JOIN elsewhere USING (job)
ANTI JOIN odd USING (sha256)
ANTI JOIN other ON part.job = other.job AND part.owner_uid <> other.uid
{{more}}
WHERE step IS NULL AND format IN {FORMATS} AND submit_ns IS NOT NULL AND owner IS NOT NULL AND owner_uid IS NOT NULL
AND federation_origin IS NULL AND ending IS DISTINCT FROM '{endings.REVOKED}'
AND outcome IS NOT NULL
ORDER BY job
"""

_UNTIMED = f"""
ANTI JOIN folder ON part.owner_uid = folder.uid AND part.workdir = folder.cwd
ANTI JOIN ran ON part.submit_ns BETWEEN ran.first_ns AND ran.last_ns AND (ran.uid IS NULL OR part.owner_uid = ran.uid)
ANTI JOIN ended ON (part.outcome = 'CANCELLED' OR coalesce(part.exit_signal, 0) <> 0)
    AND ended.first_ns <= coalesce(part.end_ns, {2**62}) AND ended.last_ns >= coalesce(part.start_ns, part.submit_ns)
"""
"""By times before any clock is compared."""
_TOLD = f"""
SELECT event_id, part.job, verb, owner_uid AS uid, clock || ' ' || sha256 AS source, start, earliest_ns, latest_ns
FROM part JOIN apart USING (job) WHERE verb IN ('submit', 'start') AND format IN {anchors.SCHEDULER} AND earliest_ns IS NOT NULL
AND NOT starts_with(coalesce(text, ''), 'step ') AND (part.uid IS NULL OR part.uid = owner_uid)
AND (verb = 'submit' AND owner_uid IN (SELECT uid FROM ran) OR job IN (SELECT job FROM controlled)) ORDER BY event_id
"""


class Apart(NamedTuple):
    """The ordinary jobs of a case.

    records: their records, of columns `ordinary.COLUMNS`.
    places: of their events, those that need not be held.
    sources: by source of time, how many of these have a time.
    acts: by kind and rule, how many acts on the jobs these events tell: that they were submitted, and that somebody asked for their end.
    told: what clocks are compared by, of the jobs of whoever ran a command that submits, and of those that the controller tells of (`evidence.TOLD`).
    """

    records: pa.Table
    places: Places
    sources: Mapping[str, int]
    acts: Mapping[tuple[str, str], int]
    told: pa.Table


def found(
    tables: Path, asked: Asked, files: pd.DataFrame, question: Question, *, timed: bool = False
) -> Apart:
    """The ordinary jobs of a case.

    Args:
        tables: the folder of tables.
        asked: the events, as `heard.opened` gives them.
        files: schema `file`.
        question: what is asked.
        timed: whether those that the trail has to do with by times alone are told apart later, by clocks that are compared (`nearby`).
    """
    if _doubtful(files) or "job_record" not in parquet.names(tables):
        return _apart(asked, ordinary.nothing())
    odd = displaced.unsure(files) | displaced.unfit(files) | displaced.loose(files)
    beside = {
        "odd": pa.table({"sha256": pa.array(sorted(odd), pa.string())}),
        "other": asked.ask(
            f"SELECT DISTINCT job, uid FROM part WHERE format = '{CONTROLLER}' AND job IS NOT NULL AND uid IS NOT NULL"
        ),
    }
    beside["elsewhere"] = _elsewhere(asked, question, beside["odd"])
    if not timed:
        beside |= {
            "folder": asked.ask(
                "SELECT DISTINCT uid, cwd FROM part WHERE verb = 'execute' AND session IS NULL AND uid IS NOT NULL AND cwd IS NOT NULL"
            ),
            "ran": _times(asked, artefacts.SUBMITTERS),
            "ended": _times(asked, {*unrecorded.CANCELLING, *unrecorded.KILLERS}),
        }
    more = "" if timed else _UNTIMED
    with places.opened(tables, "job_record") as records:
        columns = ", ".join(f'"{name}"' for name in ordinary.COLUMNS)
        if question.jobs:
            return _apart(asked, records.ask(_CHOSEN.format(columns=columns, more=more), beside))
        chosen = _CHOSEN.format(columns=columns, more=more + harms.CONDITIONS)
        told = records.ask(chosen, beside | harms.beside(asked, records))
        badly = pc.is_in(told["outcome"], pa.array(inquiry.BADLY))
        # Of few, all are looked at.
        few = (pc.sum(badly).as_py() or 0) <= inquiry.MOST_ASKED
        return _apart(asked, told.filter(pc.invert(badly)) if few else told)


def others(tables: Path, apart: Apart) -> pa.Table:
    """The job records of all jobs that are not ordinary, in the order of the table."""
    if not len(apart.records):
        return parquet.read(tables, "job_record")
    with places.opened(tables, "job_record") as records:
        kept = records.places("ANTI JOIN apart USING (job)", {"apart": apart.records.select(["job"])})
        return records.rows(kept, JOB_RECORD.names)


def without(apart: Apart, asked: Asked, jobs_: Iterable[str]) -> Apart:
    """The ordinary jobs but for some, which are to be looked at. What is held of the others stays held."""
    drawn = pc.is_in(apart.records["job"], pa.array(sorted(jobs_), pa.string()))
    back = apart.records.filter(drawn)
    theirs = asked.places("SEMI JOIN apart USING (job)", {"apart": back.select(["job"])})
    again = places.less(theirs, places.less(theirs, apart.places))
    return Apart(
        apart.records.filter(pc.invert(drawn)),
        places.less(apart.places, again),
        Counter(apart.sources) - Counter(_sources(asked, again)),
        Counter(apart.acts) - Counter(_acts(asked, back)),
        apart.told.filter(pc.invert(pc.is_in(apart.told["job"], back["job"]))),
    )


def _doubtful(files: pd.DataFrame) -> bool:
    """Whether accounting lies where users can have left it: what is heard of it then is settled with all of it at hand."""
    accounts = files.loc[files["format"].isin([*FORMATS, CONTROLLER]), "sha256"]
    return bool(accounts.isin(displaced.shared(files) | displaced.by_users(files)).any())


def _elsewhere(asked: Asked, question: Question, odd: pa.Table) -> pa.Table:
    """Every job that something else can name: an event that is none of accounting's, a command, the kernel, or the case file."""
    told = asked.ask(_TOLD_OF, {"odd": odd})["job"].to_pylist()
    names = [*question.jobs, *(claim.job for claim in question.claims if claim.job)]
    words = {*told, *names}
    clients = ", ".join(f"'{name}'" for name in sorted({*unrecorded.CANCELLING, "scontrol"}))
    run = "verb = 'execute' AND argv IS NOT NULL"
    for row in asked.ask(
        f"SELECT DISTINCT argv FROM part WHERE {run} AND {_BASE} IN ({clients})"
    ).to_pylist():
        words.update(word for text in row["argv"] for word in _spoken(text))
    scripts = f"SELECT DISTINCT argv FROM part WHERE {run} AND contains(array_to_string(argv, ' '), '/slurm_script')"
    for row in asked.ask(scripts).to_pylist():
        words.update(_SCRIPT.findall(" ".join(row["argv"])))
    caged = asked.ask("SELECT DISTINCT text FROM part WHERE verb = 'fault' AND contains(text, 'task_memcg=')")
    words.update(told[0] for row in caged["text"].to_pylist() if (told := controlgroups.killed(row)))
    beside = {
        "short": pa.table({"word": pa.array(sorted(names), pa.string())}),
        "said": pa.table({"word": pa.array(sorted(words), pa.string())}),
    }
    # People call a job by the first part of its id or the last; a job of an array, or a part of one of several, by the whole.
    meant = asked.ask(
        "SELECT DISTINCT job FROM part WHERE split_part(job, '.', 1) IN (SELECT word FROM short)"
        " OR regexp_extract(job, '[^/]*$') IN (SELECT word FROM short)"
        " OR split_part(job, '_', 1) IN (SELECT word FROM said) OR split_part(job, '+', 1) IN (SELECT word FROM said)",
        beside,
    )
    words.update(meant["job"].to_pylist())
    return pa.table({"job": pa.array(sorted(words), pa.string())})


def _spoken(text: str) -> Iterable[str]:
    """The words of an argument that can be a job's id, and the numbers in them."""
    for word in _WORD.findall(text):
        yield word
        yield from _PART.findall(word)


def _times(asked: Asked, names: Iterable[str]) -> pa.Table:
    """By number of the account (null: any), the stretches in which one of some programs can have run."""
    programs = ", ".join(f"'{name}'" for name in sorted(names))
    ran = asked.ask(
        f"SELECT DISTINCT uid, earliest_ns FROM part WHERE verb = 'execute' AND earliest_ns IS NOT NULL AND {_BASE} IN ({programs})"
    )
    by: dict[int | None, list[int]] = {}
    for uid, at in zip(ran["uid"].to_pylist(), ran["earliest_ns"].to_pylist(), strict=True):
        by.setdefault(uid, []).append(at)
    rows = [(uid, *stretch) for uid, moments in by.items() for stretch in stretches(moments)]
    return pa.table(
        {
            name: pa.array([row[n] for row in rows], pa.int64())
            for n, name in enumerate(("uid", "first_ns", "last_ns"))
        }
    )


def _apart(asked: Asked, records: pa.Table) -> Apart:
    if not len(records):
        return Apart(records, np.empty(0, np.int64), {}, {}, evidence.TOLD.empty_table())
    beside = {"apart": records.select(["job", "owner_uid"])}
    own = "FROM part SEMI JOIN apart USING (job)"
    edges = asked.ask(
        "SELECT arg_min(place, earliest_ns) AS a, arg_max(place, latest_ns) AS b, arg_min(place, start) AS c, arg_max(place, start) AS d"
        f" {own} GROUP BY sha256, clock, host, format, domain, verb, latest_ns - earliest_ns",
        beside,
    )
    kept = pc.unique(pa.chunked_array([c for name in "abcd" for c in edges[name].chunks], pa.int64()))
    every = asked.places("SEMI JOIN apart USING (job)", beside)
    left = places.less(every, kept.drop_null().to_numpy())
    return Apart(records, left, _sources(asked, left), _acts(asked, records), _told(asked, beside["apart"]))


def _told(asked: Asked, apart: pa.Table) -> pa.Table:
    """Of whoever ran a command that submits: by all submissions of theirs in turn the clocks are compared. And of jobs that two logs tell of."""
    uids = asked.ask(
        f"SELECT DISTINCT uid FROM part WHERE verb = 'execute' AND uid IS NOT NULL AND {_BASE} = 'sbatch'"
    )
    controlled = asked.ask(
        f"SELECT DISTINCT job FROM part SEMI JOIN apart USING (job) WHERE format = '{CONTROLLER}'",
        {"apart": apart},
    )
    told = asked.ask(_TOLD, {"apart": apart, "ran": uids, "controlled": controlled})
    return told.cast(evidence.TOLD)


def _sources(asked: Asked, left: Places) -> dict[str, int]:
    """By source of time, how many of some events have a time."""
    told = asked.ask(
        "SELECT coalesce(clock, 'None') || ' ' || sha256 AS source, count(*) AS events FROM part SEMI JOIN out USING (place)"
        " WHERE earliest_ns IS NOT NULL GROUP BY ALL",
        {"out": pa.table({"place": pa.array(left, pa.int64())})},
    )
    return dict(zip(told["source"].to_pylist(), told["events"].to_pylist(), strict=True))


def _acts(asked: Asked, records: pa.Table) -> dict[tuple[str, str], int]:
    """By kind and rule, how many acts on some jobs accounting's own records tell."""
    told = asked.ask(
        "SELECT verb, count(DISTINCT job) AS jobs FROM part SEMI JOIN apart USING (job) WHERE verb = 'submit'"
        " OR (verb = 'kill_request' AND (account IS NOT NULL OR uid IS NOT NULL)) GROUP BY verb",
        {"apart": records.select(["job"])},
    )
    return {_RULES[row["verb"]]: row["jobs"] for row in told.to_pylist()}
