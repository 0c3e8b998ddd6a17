"""The actor-action graph: one edge per act, and the links that lead from a person to it.

Nodes are of different kinds and never merged: person, account, credential, device, session, process, version of a
file, another act's object, job. Every link is dated where its records are, cites them, and is typed: *observed* where a
record says it, *derived* where a rule of ours does (the edge names it), *asserted* where somebody wrote it down. Two
acts between the same nodes are two edges.
"""

from collections.abc import Iterable
from itertools import islice
from typing import TYPE_CHECKING, Any

import networkx as nx
import pyarrow as pa

from forensics.analysis.acts import Act
from forensics.analysis.deferred import Deferral
from forensics.analysis.identity import Enrolment
from forensics.analysis.sessions import Session
from forensics.core import clock
from forensics.core.schema import Column, Table
from forensics.core.tables import STRINGS

if TYPE_CHECKING:
    from forensics.analysis.examination import Examination

PATH = Table(
    "path",
    "one way in the graph from a person to a job, ways that differ in processes, versions and acts of one kind only told as one",
    (
        Column(
            "person", pa.string(), "the person the way begins at; that it leads on is no finding about them"
        ),
        Column("job", pa.string(), "the job it ends at"),
        Column(
            "steps",
            STRINGS,
            "each edge: what it is, and the node that it leads to; of processes and versions, their kind alone",
        ),
        Column("bases", STRINGS, "of each step, observed, derived or asserted"),
        Column("acts", STRINGS, "the acts on these ways"),
        Column("ways", pa.int64(), "how many ways are told as one"),
        Column("events", STRINGS, "events of the first of them, in order of its steps"),
    ),
)
_MOST_WAYS, _LONGEST = 10_000, 14
"""Ways that are looked at between one person and one job, and steps of one."""
_FILE_RULES = ("file_", "crontab_log")
_ENROLLED = {"account": ("account", "shared_account"), "credential": ("key",), "device": ("device",)}
_ALIKE = frozenset({"process", "version", "object"})


def build(done: "Examination", acts: Iterable[Act] | None = None) -> "nx.MultiDiGraph[str]":
    """Draw the acts in question, or those given, and what they rest on.

    Returns:
        A multigraph. Every edge has `kind` (act, or the name of a link), `basis` (observed, derived or asserted),
        `earliest` and `latest` (as text; empty where no time is known) and `events` (comma-separated ids). Edges of
        kind `act` are as many as the acts.
    """
    return _Drawing(done, list(done.in_question if acts is None else acts)).drawn()


class _Drawing:
    """A graph while it is drawn."""

    def __init__(self, done: "Examination", acts: list[Act]) -> None:
        self.done, self.acts = done, acts
        self.graph: nx.MultiDiGraph[str] = nx.MultiDiGraph()
        self.events = done.scene.events
        self.known = {s.session_id: s for s in done.sessions}
        self.used: dict[str, Session] = {}
        dated = self.events.loc[self.events["earliest_ns"].notna(), ["event_id", "earliest_ns", "latest_ns"]]
        columns = (dated[name].to_list() for name in dated.columns)
        self.times = {str(e): (int(first), int(last)) for e, first, last in zip(*columns, strict=True)}

    def drawn(self) -> "nx.MultiDiGraph[str]":
        """The whole graph."""
        for job in self.done.asked:
            self._node("job", job.job)
        left = {id(d.act): d for d in self.done.deferrals}
        for act in self.acts:
            self._act(act)
        for act in self.acts:
            if id(act) in left:
                self._left(act, left[id(act)])
            self._candidates(act)
        for session in [*self.used.values()]:
            self._came_from(session)
        for name in sorted(self.used):
            self._session(self.used[name])
        return self.graph

    def _node(self, kind: str, name: str, label: str | None = None) -> str:
        node = f"{kind}:{name}"
        self.graph.add_node(node, kind=kind, label=name if label is None else label)
        return node

    def _edge(
        self, ends: tuple[str, str], key: str, kind: str, basis: str, events: Iterable[str], **more: str
    ) -> None:
        """An edge, dated by the records that it cites unless told otherwise."""
        cited = list(dict.fromkeys(events))
        times = {"earliest": "", "latest": ""} | self._dated(cited) | more
        self.graph.add_edge(*ends, key=key, kind=kind, basis=basis, events=",".join(cited), **times)

    def _dated(self, cited: list[str]) -> dict[str, str]:
        times = [self.times[e] for e in cited if e in self.times]
        if not times:
            return {}
        first, last = min(first for first, _ in times), max(last for _, last in times)
        return {"earliest": clock.written(first), "latest": clock.written(last)}

    def _session_node(self, session: Session) -> str:
        self.used[session.session_id] = session
        label = f"{session.account or '?'} {session.service} {session.ses or ''}".strip()
        return self._node("session", session.session_id, label)

    def _act(self, act: Act) -> None:
        source, target = self._actor(act), self._target(act)
        times = {
            name: "" if ns is None else clock.written(ns)
            for name, ns in (("earliest", act.earliest_ns), ("latest", act.latest_ns))
        }
        self._edge(
            (source, target), act.act_id, "act", "observed", act.events, act=act.act, rule=act.rule, **times
        )
        if act.job is not None and act.object != act.job:
            basis = "observed" if act.link == "observed" else "derived"
            job = self._node("job", act.job)
            self._edge((target, job), f"{act.act_id}:link", act.why_link or "link", basis, act.events)

    def _target(self, act: Act) -> str:
        """What an act acts on: a job, the version of a file that it made, or the thing itself."""
        if act.object == act.job:
            return self._node("job", act.object)
        if act.rule.startswith(_FILE_RULES):
            return self._node("version", f"{act.object}@{act.events[0]}", act.object)
        return self._node("object", act.object)

    def _actor(self, act: Act) -> str:
        """The node an act comes from: its process where one is recorded, else its session, account, or nobody known."""
        above = (
            self._session_node(act.session)
            if act.session is not None
            else self._node("account", act.account or "?")
        )
        if act.pid is None:
            return above
        name = f"{act.host or '?'} {act.pid} {act.session.session_id if act.session else act.events[0]}"
        process = self._node("process", name, f"process {act.pid} of {act.host or '?'}")
        mine = self.events.loc[self.done.scene.known(act.events), ["verb", "pid"]]
        ran = list(mine.index[(mine["pid"] == act.pid) & (mine["verb"] == "execute")]) or act.events[:1]
        self._edge(
            (above, process),
            process,
            "process_of_session" if act.session else "process_of_account",
            "observed",
            ran,
        )
        if act.effective is not None and act.effective != act.account:
            rights = self._node("account", act.effective)
            self._edge((process, rights), f"{process}:{act.effective}", "with_rights_of", "observed", ran)
        return process

    def _left(self, act: Act, left: Deferral) -> None:
        """From what was left behind, or the sessions it can have been typed in, to what ran."""
        target = self._actor(act)
        if act.session is not None and left.planted:
            target = self._session_node(act.session)
        for plant in left.planted:
            events = [*plant.events, *left.inputs]
            several = "" if len(left.planted) == 1 else str(len(left.planted) - 1)
            self._edge(
                (self._target(plant), target),
                f"{plant.act_id}>{target}",
                left.rule,
                "derived",
                events,
                rivals=several,
            )
        for name in left.sessions if left.kind == "container" else ():
            source, others = self._session_node(self.known[name]), str(len(left.sessions) - 1)
            self._edge(
                (source, target), f"{source}>{target}", left.rule, "derived", left.inputs, rivals=others
            )
        for session in act.typed_from:
            source = self._session_node(session)
            self._edge((source, target), f"{source}>{target}", left.rule, "derived", left.inputs)

    def _candidates(self, act: Act) -> None:
        """Everybody who can have been in the session of an act, where several can have, by class."""
        if act.session is None:
            return
        node = self._session_node(act.session)
        for c in self.done.could_have.get(act.act_id, ()):
            person = self._node("person", c.person)
            more = {"class": c.cls, "against": ",".join(c.events_against)}
            self._edge(
                (person, node), f"{person}>{node}:candidate", "candidate", "derived", c.events_for, **more
            )

    def _came_from(self, session: Session) -> None:
        """The sessions out of which a session can have been opened, and theirs."""
        node = self._session_node(session)
        for hop in self.done.led:
            if hop.session.session_id != session.session_id:
                continue
            new = hop.origin.session_id not in self.used
            source = self._session_node(hop.origin)
            more = {"rivals": str(hop.rivals), "by": ",".join(hop.by)}
            self._edge((source, node), f"{source}>{node}", hop.rule, "derived", hop.events, **more)
            if new:
                self._came_from(hop.origin)

    def _session(self, session: Session) -> None:
        node = self._session_node(session)
        for kind, value in (
            ("account", session.account),
            ("credential", session.credential),
            ("device", session.address),
        ):
            if value is None:
                continue
            thing = self._node(kind, value)
            self._edge((thing, node), f"{node}:{kind}", f"{kind}_of_session", "observed", session.events)
            for line in _ENROLLED[kind]:
                for e in self.done.scene.directory.lines(line, value, session.start_ns):
                    if e.person is not None:
                        self._enrolled((self._node("person", e.person), thing), "enrolled", e)
        if session.credential is not None and session.account is not None:
            ends = (self._node("credential", session.credential), self._node("account", session.account))
            for e in self.done.scene.directory.lines("opens", session.credential, session.start_ns):
                if e.account == session.account and e.host in {session.host, None}:
                    self._enrolled(ends, "opens", e)

    def _enrolled(self, ends: tuple[str, str], kind: str, e: Enrolment) -> None:
        """An enrolment, dated by its own bounds."""
        bounds = {
            name: "" if ns is None else clock.written(ns)
            for name, ns in (("earliest", e.from_ns), ("latest", e.until_ns))
        }
        key = f"{kind}:{e.source}:{e.domain}:{e.host}:{e.from_ns}:{e.until_ns}"
        self._edge(ends, key, kind, e.basis, e.events, **bounds)


def paths(graph: "nx.MultiDiGraph[str]") -> pa.Table:
    """Every way from a person to a job, those that are alike told as one.

    A way says how the records hang together, and not that anybody went it.
    """
    people, jobs = (
        sorted(n for n, values in graph.nodes(data=True) if values["kind"] == wanted)
        for wanted in ("person", "job")
    )
    rows: list[dict[str, object]] = []
    for person in people:
        for job in jobs:
            rows += _ways(graph, person, job)
    return PATH.build({c.name: [row[c.name] for row in rows] for c in PATH.columns})


def _ways(graph: "nx.MultiDiGraph[str]", person: str, job: str) -> list[dict[str, object]]:
    found: dict[tuple[tuple[str, ...], tuple[str, ...]], dict[str, object]] = {}
    leading = graph.subgraph(nx.ancestors(graph, job) | {job})
    if person not in leading:
        return []
    ways = nx.all_simple_edge_paths(leading, person, [job], cutoff=_LONGEST)
    for way in islice(ways, _MOST_WAYS):
        steps_of: list[Any] = list(way)
        edges = [(b, graph.edges[a, b, key], key) for a, b, key in steps_of]
        # Through another account's rights, or another person, no way leads on.
        if any(values["kind"] == "with_rights_of" for _, values, _ in edges):
            continue
        steps = tuple(
            f"{values.get('act') or values['kind']} → {_named(graph, node)}" for node, values, _ in edges
        )
        bases = tuple(values["basis"] for _, values, _ in edges)
        row = found.setdefault(
            (steps, bases),
            {
                "person": graph.nodes[person]["label"], "job": graph.nodes[job]["label"], "steps": list(steps), "bases": list(bases),
                "acts": [], "ways": 0, "events": list(dict.fromkeys(e for _, v, _ in edges for e in v["events"].split(",") if e)),
            },
        )  # fmt: skip
        acts = row["acts"]
        if isinstance(acts, list):
            acts += [key for _, values, key in edges if values["kind"] == "act" and key not in acts]
        row["ways"] = int(str(row["ways"])) + 1
    return [found[key] for key in sorted(found)]


def _named(graph: "nx.MultiDiGraph[str]", node: str) -> str:
    """A node as a step names it: things that acts of one kind differ in by their kind alone."""
    kind, label = graph.nodes[node]["kind"], graph.nodes[node]["label"]
    return str(kind) if kind in _ALIKE else f"{kind} {label}"
