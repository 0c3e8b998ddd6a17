"""All that one analysis found, and the tables made of it."""

from dataclasses import dataclass, field

import pyarrow as pa

from forensics.analysis import (
    acts as act_tables,
)
from forensics.analysis import (
    agents,
    artefacts,
    candidates,
    claims,
    clock_table,
    clocks,
    contents,
    deferred,
    gaps,
    git_tables,
    graph,
    graph_tables,
    hops,
    identity,
    jobs,
    ordinary,
    overlaps,
    push_certificates,
    raised,
    read_versions,
    sessions,
    signatures,
    touches,
)
from forensics.analysis.acts import Act, Scene
from forensics.analysis.artefacts import Reading, Version
from forensics.analysis.attribution import Judgement
from forensics.analysis.deferred import Deferral
from forensics.analysis.gaps import Gap
from forensics.analysis.holders import Holders
from forensics.analysis.jobs import Job
from forensics.analysis.sessions import Session
from forensics.analysis.ties import Ties

TABLES = (
    identity.IDENTITY, sessions.SESSION, jobs.JOB, artefacts.VERSION, read_versions.READING, act_tables.ACT, gaps.GAP,
    clock_table.CLOCK, overlaps.OVERLAP, deferred.DEFERRAL, hops.HOP, raised.RAISED, agents.AGENT,
    candidates.CANDIDATE, graph.PATH, *graph_tables.TABLES, *git_tables.TABLES,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Examination:
    """Everything the analysis found, for the findings, the graph and the tables."""

    scene: Scene
    sessions: list[Session]
    jobs: list[Job]
    asked: list[Job]
    history: dict[str, list[Version]]
    readings: list[Reading]
    acts: list[Act]
    judged: dict[str, Judgement]
    gaps: list[Gap]
    answers: list[claims.Answer]
    holders: Holders
    deferrals: list[Deferral] = field(default_factory=list)
    led: list[hops.Hop] = field(default_factory=list)
    could_have: dict[str, list[candidates.Candidate]] = field(default_factory=dict)
    compared: list[clocks.Compared] = field(default_factory=list)
    at_once: list[overlaps.Overlap] = field(default_factory=list)
    signed: list[signatures.Checked] = field(default_factory=list)
    certificates: list[push_certificates.Tied] = field(default_factory=list)
    unlisted: dict[str, int] = field(default_factory=dict)
    """How many jobs ended in which way that nobody else's act is linked to, where too many ended badly for all to be asked about."""

    ties: Ties | None = None
    """Which clocks the records tie together; none before that is looked at."""

    @property
    def in_question(self) -> list[Act]:
        """The acts that go into the findings, in order of time, then of kind, object and event."""
        return [a for a in self.acts if a.in_question]

    def tables(self) -> dict[str, pa.Table]:
        """The tables of `TABLES`, by name."""
        asked = [act.object for act in self.in_question if act.act == "commit"]
        wanted = {*(r.path for r in self.readings), *(a.object for a in self.in_question)}
        known = contents.known(self.scene, self.history, self.acts, wanted)
        read = read_versions.find(self.scene, self.history, self.readings, known)
        drawn = graph.build(self)
        return {
            **graph_tables.tables(drawn),
            **git_tables.tables(self.scene, self.jobs, self.readings, asked, self.signed, self.certificates),
            "identity": self.scene.directory.table(),
            "session": sessions.table(self.sessions),
            "job": ordinary.table(self.jobs, self.scene.evidence.ordinary),
            "version": contents.table(self.history, known, touches.find(self.scene.evidence)),
            "reading": read_versions.table(read),
            "act": act_tables.table(self.acts),
            "gap": gaps.table(self.gaps),
            "clock": clock_table.table(self.compared),
            "overlap": overlaps.table(self.at_once),
            "deferral": deferred.table(self.deferrals),
            "hop": hops.table(self.led),
            "agent": agents.table(agents.known(self.scene)),
            "raised": raised.table(raised.known(self.scene)),
            "path": graph.paths(drawn),
            "candidate": candidates.table(c for found in self.could_have.values() for c in found),
        }
