"""A denial: what it predicts, what a test of it looks at, and what an answer holds.

Acts come judged; what somebody says weighs nothing. A denial can be true in what it says and still not
answer the act: that is `mixed`. A test that no log can make says so, and which record would.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from forensics.analysis.acts import Act, Scene
from forensics.analysis.artefacts import Reading, Version
from forensics.analysis.attribution import Judgement
from forensics.analysis.gaps import Gap
from forensics.analysis.holders import Holders
from forensics.analysis.jobs import Job
from forensics.core.roster import Claim

FILES = frozenset({"modify_file", "replace_file", "delete_file"})


@dataclass(frozen=True, slots=True)
class Grounds:
    """What a test looks at: the acts that bear on the jobs asked about, without their owners' own requests.

    missing: sources that were not collected. judged: of every act, by its id. history, readings: which
    versions of a path there were, and which of them a job read. every: all acts, whatever they bear on.
    """

    scene: Scene
    acts: list[Act]
    jobs: list[Job]
    missing: list[str] = field(default_factory=list)
    judged: Mapping[str, Judgement] = field(default_factory=dict)
    gaps: list[Gap] = field(default_factory=list)
    holders: Holders | None = None
    history: Mapping[str, list[Version]] = field(default_factory=dict)
    readings: list[Reading] = field(default_factory=list)
    every: list[Act] = field(default_factory=list)

    def of(self, person: str) -> list[Act]:
        """The acts attributed to a person."""
        return [a for a in self.acts if a.person == person]

    def telling(self) -> list[Act]:
        """The acts that can be what harmed a job asked about; all, where no job is. Of the rest it is not told what they did to one."""
        linked = [a for a in self.acts if a.link != "not_established" and a.effect != "not_shown"]
        return linked if self.jobs else self.acts

    def unlinked_of_others(self, claim: Claim) -> list[Act]:
        """Changes of other files before a job asked about ended, that are or can be of others than the speaker, or of whom the claim names.

        That no record links one to the job does not mean that it did not read that file; nor that one links it to another job.
        """
        asked = {j.job for j in self.jobs}
        elsewhere = [a for a in self.every if a.in_question and a.job is not None and a.job not in asked]
        ends = [j.end_ns for j in self.jobs]
        last = None if not ends or None in ends else max(e for e in ends if e is not None)
        known = {a.object for a in self.acts if a.link != "not_established"}
        return [
            a
            for a in [*self.acts, *elsewhere]
            if self.jobs
            and a.act in FILES
            and a.origin != "job"
            and (a.link == "not_established" or a.job not in asked)
            and a.object not in known
            and (last is None or a.earliest_ns is None or a.earliest_ns <= last)
            and self.can_be_of_another(a, claim)
        ]

    def replaced_before(self, harmful: Iterable[Act]) -> list[Act]:
        """Changes that had been made to the same files before these acts, and that are tied to no job.

        What such a version held can have come back with the later one, by an editor that was open, a copy that is put back or a
        stash: no record tells whose text a file holds. An act that is shown to have harmed a job is looked at as it is. Not
        among them are changes of whoever owns a job asked about.
        """
        owners = {p for j in self.jobs for p in self.scene.directory.owners(j.owner, j.submit_ns, j.end_ns)}
        last: dict[str, Act] = {}
        for a in harmful:
            if a.act in FILES and a.effect != "shown" and a.latest_ns is not None:
                last[a.object] = max(last.get(a.object, a), a, key=lambda x: x.latest_ns or 0)
        return [
            a
            for a in self.acts
            if a.act in FILES
            and a.link == "not_established"
            and (after := last.get(a.object)) is not None
            and (a.earliest_ns is None or a.earliest_ns <= (after.latest_ns or 0))
            and a.person not in owners
        ]

    def can_be_of_another(self, act: Act, claim: Claim) -> bool:
        """Whether an act is, or can be, of another than who denies, or of whom they name."""
        people = {act.person} if act.person is not None else set(self.judged[act.act_id].candidates)
        return claim.names in people if claim.names else bool(people - {claim.by})

    def in_accounts_of(self, person: str) -> list[Act]:
        """The acts in an account that a person owns or enters."""
        return [
            a
            for a in self.acts
            if person in self.scene.directory.owners(a.account, a.earliest_ns, a.latest_ns)
        ]


@dataclass(frozen=True, slots=True)
class Answer:
    """What the evidence says of a claim: because of these acts and these events, and by which consideration."""

    status: str
    because: tuple[str, ...]
    missing: tuple[str, ...]
    why: str
    events: tuple[str, ...] = ()


def answer(
    status: str,
    acts: Iterable[Act],
    why: str,
    missing: Iterable[str] = (),
    events: Iterable[str] = (),
) -> Answer:
    """An answer that rests on some acts, each named once."""
    ids = tuple(dict.fromkeys(a.act_id for a in acts))
    return Answer(status, ids, tuple(sorted(set(missing))), why, tuple(dict.fromkeys(events)))


def can_be_of_others(act: Act, person: str, g: Grounds) -> bool:
    """Whether an act that is put down to nobody can be another's than a person's: other candidates are left, or not all links point at that one."""
    found = g.judged[act.act_id]
    return bool(set(found.candidates) - {person}) or (found.verdict == "inconclusive" and "G5" in found.gates)


def speaker_not_known(claim: Claim, g: Grounds) -> Answer | None:
    """The answer where nobody of the speaker's name is on the roster: a name mistyped must not read like an innocent one."""
    if claim.by in g.scene.directory.people:
        return None
    return answer("untestable", g.acts, "speaker_not_on_roster", ["enrolment_of_speaker"])


def open_questions(g: Grounds) -> list[str]:
    """What would have to be there to test further."""
    return (
        [m for a in g.acts for m in a.missing if a.verdict == "inconclusive"] or list(g.missing) or ["acts"]
    )


Test = Callable[[Claim, Grounds], Answer]
"""One denial's test."""
