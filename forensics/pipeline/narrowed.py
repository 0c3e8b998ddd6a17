"""A case of more events than memory holds: which of them the analysis needs, and what is counted of the others.

Only the mass of one audit trail is left out (`analysis.relevance`), and of that only what bears on no question; and what
accounting tells of ordinary jobs (`pipeline.unasked`): the findings are the same, but for what the tables `act`, `version`,
`identity`, `job` and `job_commit` say of it. Each condition reads the columns that it names, and the events that are wanted
are read whole, once.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from forensics.analysis import (
    beside,
    comparison,
    evidence,
    examine,
    inquiry,
    job_processes,
    relevance,
    trails,
)
from forensics.analysis.evidence import Evidence, Totals
from forensics.analysis.examination import Examination
from forensics.analysis.jobs import Job
from forensics.analysis.trailcopies import Lacking
from forensics.core.roster import Question, Roster
from forensics.core.tables import EVENT
from forensics.pipeline import (
    counted,
    crowd,
    githeld,
    heard,
    nearby,
    owned,
    ranof,
    skeleton,
    tips,
    trailcopies,
    unasked,
)
from forensics.pipeline.owned import columns
from forensics.store import parquet, places
from forensics.store.places import Asked, Places

WHOLE_EVENTS = 100_000
"""Up to so many events of a case are all held."""
COLUMNS = tuple(EVENT.names)
_OPENED = "verb IN ('read', 'open', 'execute') AND outcome IS DISTINCT FROM 'failure' AND object_kind = 'path' AND object IS NOT NULL"
_TOUCH = f"verb IN ({', '.join(repr(verb) for verb in sorted(relevance.TOUCHES))})"
_BASE = "regexp_extract(exe, '[^/]*$')"


def large(tables: Path, *, least: int | None = None) -> bool:
    """Whether a case has so many events, those of git's objects aside, that not all need be held."""
    others = max(parquet.count(tables, "event") - githeld.told(tables), 0)
    return others >= (WHOLE_EVENTS if least is None else least)


def trail_of(tables: Path) -> str | None:
    """The format of the one audit trail of a large case of which not all events need be held; None where all are.

    Where two formats tell the trail, which of two events is the copy is settled with all of them at hand.
    """
    files = heard.files_of(tables)
    with heard.opened(tables, files) as asked:
        told = asked.ask("SELECT DISTINCT format FROM part")["format"].to_pylist()
    there = [name for name in told if name in trails.TRAILS]
    silent = heard.silent(files)
    journals = [name for name in there if name in trails.JOURNALS and counted.audited(tables, name, silent)]
    kept = [name for name in there if name not in trails.JOURNALS]
    if journals or len(kept) != 1 or kept[0] not in trails.WHOLE:
        return None
    return str(kept[0])


class Case(NamedTuple):
    """What an analysis starts from, beside the events and the records of jobs."""

    tables: Path
    found: Mapping[str, pa.Table]
    roster: Roster
    question: Question


def examined(case: Case, rejects: pd.DataFrame, trail: str | None) -> Examination:
    """The analysis of a case of which not all events are held.

    Args:
        case: what it starts from.
        rejects: schema `reject`.
        trail: from `trail_of`.
    """
    with heard.opened(case.tables, evidence.frame(case.found["file"])) as asked:
        held = _Held(case, asked, trail)
        held.begin()
        sketched = examine.sketch(held.evidence(), rejects)
        if held.compare(sketched):
            # What was found the first time is not held beside what is found now.
            del sketched
            return examine.examine(held.evidence(), rejects)
        return examine.finished(sketched, rejects)


class _Held:
    """The places of the events that are wanted, gathered step by step."""

    def __init__(self, case: Case, asked: Asked, trail: str | None) -> None:
        verbs = ", ".join(f"'{verb}'" for verb in relevance.MASS)
        self.case, self.asked, self.trail = case, asked, trail
        self.mass = "false" if trail is None else f"format = '{trail}' AND verb IN ({verbs})"
        self.changed = counted.CHANGED.format(verbs=", ".join(f"'{verb}'" for verb in relevance.CHANGES))
        self.wanted: Places = np.empty(0, np.int64)
        self.paths: frozenset[str] = frozenset()
        self.slack_ns = 0
        self.jumps: tuple[pa.Table, frozenset[tuple[str | None, int, int]]] | None = None
        self.fired: dict[tuple[str, str], int] | None = None
        self.lacking: tuple[Lacking, ...] | None = None
        self.unheard = heard.unheard(evidence.frame(case.found["file"]), asked)
        self.refs = tips.apart(case.tables, asked, case.found)
        large = githeld.large(case.tables)
        self.objects = githeld.unread(asked, case.found) if large else np.empty(0, np.int64)
        self.texts = githeld.texts(case.tables) if large else None
        self.crowd = crowd.found(asked, evidence.frame(case.found["file"]))
        self.apart = unasked.found(
            case.tables, asked, evidence.frame(case.found["file"]), case.question, timed=trail is not None
        )

    def evidence(self) -> Evidence:
        """The events that are wanted so far, with what is counted of the others."""
        if self.trail is None:
            events = self.asked.rows(self.wanted, COLUMNS)
            return self._assembled({"event": events}, self._totals({}, {}, None, None))
        if self.jumps is None:
            self.jumps = counted.jumps(self.case.tables, self.trail, self.case.found["file"], self.unheard)
            self.lacking = self._lacking()
        edges, jumps = self.jumps
        self._want("JOIN edge USING (sha256, start)", {"edge": edges.select(["sha256", "start"])})
        events = self.asked.rows(self.wanted, COLUMNS)
        numbers = counted.numbers(self.case.tables, self.trail, events)
        if self.fired is None:
            self.fired = counted.fired(self.asked, self.changed, self.paths, events)
        apart = counted.apart(self.asked, self.mass, events.filter(self._of_mass(events)))
        totals = self._totals(apart, self.fired, self.paths, jumps)
        return self._assembled({"event": events, self.trail: numbers}, totals)

    def _totals(
        self,
        apart: Mapping[str, int],
        fired: Mapping[tuple[str, str], int],
        paths: frozenset[str] | None,
        jumps: frozenset[tuple[str | None, int, int]] | None,
    ) -> Totals:
        """What is counted of the trail and of ordinary jobs."""
        every = Counter(apart) + Counter(self.apart.sources) + Counter(self.crowd.sources)
        acts = Counter(fired) + Counter(self.apart.acts)
        many = sum(self.apart.acts.values())
        ties = {"scheduler_names_job": many} if many else {}
        return Totals(self.asked.count(), every, acts, paths, jumps, ties, self.lacking)

    def _lacking(self) -> tuple[Lacking, ...]:
        """What copies of the trail lack; the events that are cited for it are wanted."""
        files = self.case.found["file"]
        hosts = dict(zip(files["sha256"].to_pylist(), files["host"].to_pylist(), strict=True))
        silent = frozenset(heard.silent(evidence.frame(files)))
        found = trailcopies.found(self.case.tables, self.asked, hosts, silent)
        named = pa.array([e for x in found for e in (*x.first, *x.beside)], pa.string())
        self._want("SEMI JOIN named USING (event_id)", {"named": pa.table({"event_id": named})})
        return found

    def _assembled(self, read: Mapping[str, pa.Table], totals: Totals | None = None) -> Evidence:
        """What the analysis starts from, with the records of the jobs that are looked at."""
        found = {**self.case.found, **read, **self._records()}
        refs = None if totals is None else self.refs.counted
        made = evidence.assemble(
            found, self.case.roster, self.case.question, totals, refs, texts=self.texts, ordinary=self.apart.records
        )  # fmt: skip
        return replace(made, told=self.apart.told)

    def _records(self) -> dict[str, pa.Table]:
        there = "job_record" in parquet.names(self.case.tables)
        return {"job_record": unasked.others(self.case.tables, self.apart)} if there else {}

    def _of_mass(self, events: pa.Table) -> pa.ChunkedArray:
        verbs = pa.array(relevance.MASS, pa.string())
        return pc.and_(pc.equal(events["format"], self.trail), pc.is_in(events["verb"], verbs))

    def _seen(self) -> Evidence:
        """The events so far, with nothing counted: enough for what is no act."""
        return self._assembled({"event": self.asked.rows(self.wanted, COLUMNS)})

    def _want(self, where: str, beside: Mapping[str, pa.Table] | None = None) -> None:
        self._take(self.asked.places(where, beside))

    def _take(self, *found: Places) -> None:
        self.wanted = places.merged(self.wanted, *found)

    def begin(self) -> None:
        """Everything but the mass; then what of the mass is read wherever it stands; then what bears on the jobs."""
        self._take(self.asked.places(f"WHERE NOT coalesce({self.mass}, false)"))
        apart = places.merged(self.refs.places, self.objects, self.apart.places, self.crowd.places)
        self.wanted = places.less(self.wanted, apart)
        if self.trail is None:
            return
        self._programs()
        seen = self._seen()
        self._take(skeleton.of(self.asked, self.mass, seen))
        view = examine.preview(self._seen())
        self.slack_ns = view.slack_ns
        if drawn := nearby.drawn(self.asked, self.apart.records, view.jobs.values(), view.near):
            self._draw(drawn)
            view = examine.preview(self._seen(), view.compared)
        before = len(self.wanted)
        self._roots(view.evidence, [*view.jobs.values()])
        if len(self.wanted) > before:
            view = examine.preview(self._seen(), view.compared)
        own = owned.Owned(self.asked, self.trail, view.asked.jobs, view.slack_ns)
        touched = own.touched()
        self._beside_memory(view.asked.jobs)
        touched.named |= relevance.submitted(view.evidence, view.asked.jobs)
        shared, closed = self._shared(), self._closed(touched.opened)
        self.paths = self._bearing(relevance.Paths(view.evidence, view.asked, touched)) | shared | closed
        self._read_of(shared)
        named = pa.table({"path": pa.array(sorted(self.paths), pa.string())})
        below = "object IN (SELECT path FROM bearing) OR object_from IN (SELECT path FROM bearing)"
        self._want(f"WHERE {self.changed} AND ({below})", {"bearing": named})
        self._want(
            f"WHERE {self.mass} AND {_TOUCH} AND object IN (SELECT path FROM bearing)", {"bearing": named}
        )
        self._take(own.joined, own.first(), own.read(self.paths))
        known = ranof.Mass(str(self.trail), self.mass, self.changed)
        self.wanted, ran = ranof.of(self.asked, self.wanted, known, partial(beside.texts, view.evidence))
        self.paths |= ran

    def compare(self, sketched: examine.Sketch) -> bool:
        """Take what a comparison of jobs by what acts changed reads; whether that is more than was held.

        Ordinary jobs among those that are compared are looked at like the others, and so are those asked about that cannot stay apart.
        """
        scene, acts = sketched.done.scene, sketched.done.in_question
        before, near = len(self.wanted), comparison.nearest(scene, acts)[: comparison.MOST_JOBS]
        bounded = examine.bounded_ordinary(sketched)
        if drawn := {*comparison.ordinary_nearest(scene, acts), *inquiry.to_look_at(scene, bounded)}:
            self._draw(drawn)
        if near and self.trail is not None:
            self._beside(near, {a.object for a in acts})
        return len(self.wanted) > before or bool(drawn)

    def _draw(self, jobs: Iterable[str]) -> None:
        """Look at some jobs that were apart."""
        out = self.apart.places
        self.apart = unasked.without(self.apart, self.asked, jobs)
        self._take(places.less(out, self.apart.places))

    def _beside(self, jobs: Sequence[Job], paths: set[str]) -> None:
        """What the processes of jobs that are compared did to some paths, and what they ran that can lead there."""
        own = owned.Owned(self.asked, str(self.trail), jobs, self.slack_ns)
        self._take(own.joined, own.first(), own.read(paths, leading=relevance.payloads(self.case.found)))

    def _programs(self) -> None:
        """Runs of the programs whose runs are read, by their names and words."""
        programs = ", ".join(f"'{name}'" for name in sorted(relevance.PROGRAMS))
        words, rest = "array_to_string(argv, ' ')", "coalesce(array_to_string(argv[2:], ' '), '')"
        tests = [
            f"{_BASE} IN ({programs})",
            f"contains({words}, '{relevance.SCRIPT}')",
            f"contains({words}, '{relevance.RECEIVER}')",
            "(argv[1] = 'git' AND list_contains(argv, 'commit'))",
            *relevance.RUNS,
        ]
        for program, pattern in relevance.commands():
            quoted = pattern.replace("'", "''")
            tests.append(f"({_BASE} = '{program}' AND regexp_matches({rest}, '{quoted}'))")
        self._want(f"WHERE {self.mass} AND verb = 'execute' AND ({' OR '.join(tests)})")
        self._want(
            f"WHERE {self.mass} AND ({relevance.TOUCHED} OR {relevance.ASKS_A_DAEMON} OR {relevance.ASKS_AN_AGENT} "
            f"OR {relevance.REACHES_INTO})"
        )
        clients = ", ".join(f"'{name}'" for name in sorted(relevance.CLIENTS))
        ran = self.asked.ask(
            f"SELECT DISTINCT host, pid FROM part WHERE {self.mass} AND verb = 'execute' AND {_BASE} IN ({clients}) AND pid IS NOT NULL"
        )
        forwarders = ", ".join(f"'{name}'" for name in sorted(relevance.FORWARDERS))
        self._want(
            f"WHERE {self.mass} AND verb = 'connect' AND session IS NOT NULL AND {_BASE} IN ({forwarders})"
        )
        made = "part.host IS NOT DISTINCT FROM client.host AND part.pid = client.pid"
        self._want(f"SEMI JOIN client ON {made} WHERE {self.mass} AND verb = 'connect'", {"client": ran})

    def _roots(self, seen: Evidence, jobs: Sequence[Job]) -> None:
        """Processes that a node says it started for a job: within that job's time, by their number."""
        events = seen.events
        told = events[(events["verb"] == "task_start") & events["pid"].notna() & events["job"].notna()]
        of = {job.job: owned.window(job, self.slack_ns) for job in jobs}
        pairs = [
            *zip(told["job"], told["pid"], strict=True),
            *((j, p) for j, _, p in job_processes.caged(seen)),
        ]
        rows = [(int(pid), *of[job]) for job, pid in pairs if job in of]
        task = columns(rows, ("pid", "first_ns", "last_ns"), (pa.int64(), pa.int64(), pa.int64()))
        near = "part.pid = task.pid AND latest_ns >= task.first_ns AND earliest_ns <= task.last_ns"
        self._want(
            f"SEMI JOIN task ON {near} WHERE {self.mass} AND verb = 'execute' AND session IS NULL",
            {"task": task},
        )
        self._want(*owned.in_folders(self.mass, jobs, self.slack_ns))

    def _beside_memory(self, jobs: Iterable[Job]) -> None:
        """What was run from a login where and while a job's memory ran out."""
        rows = [(h, f - self.slack_ns, u + self.slack_ns) for h, f, u in relevance.short_of_memory(jobs)]
        short = columns(rows, ("host", "first_ns", "last_ns"), (pa.string(), pa.int64(), pa.int64()))
        near = "part.host = short.host AND latest_ns >= short.first_ns AND earliest_ns <= short.last_ns"
        self._want(
            f"SEMI JOIN short ON {near} WHERE {self.mass} AND verb = 'execute' AND session IS NOT NULL",
            {"short": short},
        )

    def _bearing(self, paths: relevance.Paths) -> frozenset[str]:
        """The paths whose changes can be acts on the jobs asked about."""
        paths.read(
            {path for row in self._changes() for path in row[:2] if path is not None and paths.direct(path)}
        )
        found: set[str] = set()
        for path, source, verb, exe, owner, account in self._changes():
            for one in (path, source):
                if one is not None and one not in found and (
                    paths.bears(one) or paths.harmed(one, exe=exe, verb=verb, owner_uid=owner, account=account)
                ):  # fmt: skip
                    found.add(one)
        return frozenset(found)

    def _closed(self, opened: set[str]) -> frozenset[str]:
        """Those of the paths which the jobs' processes asked for of which mode, owner or attributes were changed."""
        asked = pa.table({"path": pa.array(sorted(opened), pa.string())})
        told = f"SELECT DISTINCT object FROM part SEMI JOIN asked ON object = path WHERE {self.mass} AND verb = 'attributes'"
        return frozenset(self.asked.ask(told, {"asked": asked})["object"].to_pylist())

    def _shared(self) -> frozenset[str]:
        """Every name of the files that bear more than one: what is written through one is told of the others."""
        told = f"""
            WITH name AS (
                SELECT host, inode, object AS path FROM part WHERE {self.changed} AND inode IS NOT NULL
                UNION ALL
                SELECT host, inode, object FROM part WHERE {_OPENED}
                AND inode IN (SELECT inode FROM part WHERE {self.changed} AND inode IS NOT NULL)
            ), several AS (SELECT host, inode FROM name GROUP BY ALL HAVING min(hash(path)) <> max(hash(path)))
            SELECT DISTINCT path FROM name JOIN several
            ON name.host IS NOT DISTINCT FROM several.host AND name.inode = several.inode
        """
        return frozenset(self.asked.ask(told)["path"].to_pylist())

    def _read_of(self, paths: frozenset[str]) -> None:
        """Readings and executions of some paths: they tell which names a file has."""
        named = pa.table({"path": pa.array(sorted(paths), pa.string())})
        self._want(
            f"WHERE {self.mass} AND {_OPENED} AND inode IS NOT NULL AND object IN (SELECT path FROM several)",
            {"several": named},
        )

    def _changes(self) -> Iterator[tuple[str, str | None, str, str | None, int | None, str | None]]:
        """Every change of a file, as far as it can matter which."""
        source = "CASE WHEN verb = 'rename' THEN object_from END"
        asked = (
            f"SELECT object, {source}, verb, exe, object_owner_uid, account FROM part WHERE {self.changed}"
        )
        for batch in self.asked.stream(asked):
            yield from zip(*(column.to_pylist() for column in batch.columns), strict=True)
