"""The only prose about people: closed templates, filled from findings, each sentence with its bytes.

Account and person are two sentences. What an evidence file says is quoted, and is never prose.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, NamedTuple

from forensics.render import phrases, wordings
from forensics.render.glyphs import quoted
from forensics.render.languages import ENGLISH, Language
from forensics.render.parts import Part, Tone, Value, few, figure, listed, person, put, quote
from forensics.render.phrases import words

Json = Mapping[str, Any]


class Citation(NamedTuple):
    """A span of a sealed file."""

    sha256: str
    start: int
    stop: int


class Basis(StrEnum):
    """What a sentence rests on."""

    FACT = "fact"
    """Bytes of the evidence, which it cites."""
    UNCITED = "uncited"
    """It speaks of a fact, and the finding cites no bytes: the report says so beside it."""
    ABSENCE = "absence"
    """All of the evidence read: it says that something is not there."""
    ASKED = "asked"
    """The roster or the question, which came with the evidence and are not evidence."""
    METHOD = "method"
    """The method; it says nothing of this case's facts."""


@dataclass(frozen=True, slots=True)
class Sentence:
    """One printed sentence. `about` names the finding that holds all of its citations.

    Attributes:
        said: what it says, to be told in a language.
        opens: whether its first word, if it is ours, has a capital.
    """

    said: Value
    citations: tuple[Citation, ...] = ()
    basis: Basis = Basis.FACT
    about: str | None = None
    opens: bool = False

    @property
    def parts(self) -> tuple[Part, ...]:
        """What it says in English."""
        return self.told(ENGLISH)

    def told(self, language: Language) -> tuple[Part, ...]:
        """What it says in a language."""
        first, *rest = language.told(self.said)
        if self.opens and language.is_english and first.tone is Tone.OURS:
            first = Part(first.text[0].upper() + first.text[1:])
        return (first, *rest)

    @property
    def text(self) -> str:
        """The sentence in plain English, quotations between backticks."""
        return "".join(f"`{p.text}`" if p.tone is Tone.QUOTED else p.text for p in self.parts)

    @property
    def ours(self) -> str:
        """What of it is ours to answer for, in English."""
        return ours(self.parts)


def ours(parts: Iterable[Part]) -> str:
    """What is ours to answer for: every quotation and name is an ellipsis."""
    return "".join(p.text if p.tone in {Tone.OURS, Tone.FIGURE} else "…" for p in parts)


TEMPLATES = {
    "job_outcome": "The scheduler's records give job {job}{owner} the outcome {outcome}{ran}.",
    "job_no_outcome": "No record read gives an outcome for job {job}{owner}.",
    "job_act": "The records link job {job} to an act that ends or disturbs it: {why} (see {acts}).",
    "job_act_possible": "The records link job {job} to an act that can have ended or disturbed it, and no record shows that it did: {why} (see {acts}).",
    "job_own_failure": "The records give a failure of the job itself as the cause for job {job}: {why}.",
    "job_infrastructure": "The records give a fault of the machine or its operation as the cause for job {job}: {why}.",
    "job_not_established": "The cause for job {job} is inconclusive, because {why}.",
    "job_none": "Nothing that disturbs job {job} is found: {why}.",
    **wordings.JOBS,
    **wordings.BOUNDS,
    "account": "{account} {does} {object}{rights}{when} (act {act}).",
    "account_unknown": "An account that no record names {does} {object}{when} (act {act}).",
    "link": "The link of act {act} to job {job} is {link}: {meaning}; the rule is that {why}.",
    "effect_not_shown": "Nothing in the records shows that act {act} harms job {job}: the job ends otherwise, or as it can by itself.",
    "effect_possible": "That act {act} harms job {job} is possible and not shown by a record of its own.",
    "effect_beside": "No record tells how much memory the programs of act {act} take, and none connects them to the end of job {job}.",
    "no_link": "No record connects act {act} to a job.",
    "account_attributed": "At the level of accounts, act {act} is attributed to account {account}, with {strength} support; who sits there is the next question.",
    "account_inconclusive": "Which account acts in {act} is inconclusive: no record out of the users' reach names it firmly enough.",
    "rival_ratio": "Against {rival}, {way}, the ratio is {ratio}{trace}.",
    "rival_equal": "Against {rival}, {way}, the records tell nothing apart or speak for the rival: the ratio is {ratio}{trace}.",
    "sensitivity": "Without what {source} {tells}, the ratio against the strongest rival is {ratio}.",
    "held_by": "Those listed who can write the records of {domain}, for all that the evidence shows: {persons}{why}.",
    "held_by_nobody": "Nobody listed is shown to be able to write the records of {domain}; somebody can.",
    "claim_predicts": "If the denial holds, one expects that {holds}; if it does not, that {fails}.",
    "claim_trap": "A limit of this test: {trap}.",
    "claim_found": "Records that bear on it beside these acts: {count}.",
    "person_attributed": "At the level of persons, act {act} is attributed to {person}, with {strength} support against {rival}.",
    "person_inconclusive": "Which person acts in {act} is inconclusive, because {missing}.",
    "person_candidates": "Who comes into question for act {act}: {names}.",
    "person_candidates_and_unnamed": "Who comes into question for act {act}: {names}; and whoever can have changed what that session runs or takes in, whom no record names.",
    "person_nobody": "The records point to no person on the roster for act {act}.",
    "person_no_roster": "No person is inferred for act {act}, because no roster is given.",
    "person_job_process": "No person is inferred for act {act}, because a process of a job does it under the name of the job's owner.",
    "ratio": "The observations are about {low} to {high} times more probable if {person} acts in {act} than if {rival} does, given the assumptions of this report.",
    "ratio_is_not": "This is not a statement about the probability that either is true.",
    "entry": "The session of act {act} is opened{credential}{address}.",
    "asserted": "The commit of act {act} names {author} as author and {committer} as committer; these fields can be written by anybody and name no actor.",
    "signature": "The commit of act {act} is signed{named}: {result}{lists}. Whoever has a key can sign with it: that is no statement of who sat there.",
    "certificate": "A push certificate for the ref and the objects of act {act} is in the evidence{named}: {result}{lists}. As to the move, {tie}; {nonce}.",
    **wordings.BEFORE,
    **wordings.AT_ONCE,
    **wordings.GAPS,
    "reason": "{label} {says}{domain}.",
    "reason_nobody": "{label} nobody on the roster{domain}.",
    "frame_cost": "To fabricate every record that points this way for {act}, somebody needs control of {domains}.",
    "frame_cost_none": "No trust domain that its users cannot write holds a record of {act}.",
    "gate": "Gate {gate} applies to {act}: {meaning}.",
    "missing": "What is missing for {act}: {missing}.",
    "rival_for": "Records that leave {person} possible as the person in act {act}: {count}.",
    "rival_against": "Records that point away from {person} in act {act}: {count}.",
    "standing_against": "Beside the best other explanation the ratio for {person} is {ratio}; below one, the records speak against this person as the one who acts in {act}.",
    "rival_silent": "No record that act {act} rests on speaks for or against {person}.",
    "against_for_no_given_reason": "Records that speak against the answer given for act {act}: {count}.",
    "against_session_beside": "While act {act} is done, {count} of account {account} can be open besides its own: the account alone does not say in which of them it is done.",
    "against_records_changed_by_other": "Another account changes logs, a clock or what is logged on the host of act {act}, while it is done or later: {count}.",
    "exculpatory": "For {acts}: {kind}.",
    "exculpatory_away": "For {acts}: records point away from {person}, as the section on acts tells.",
    "exculpatory_against": "For {acts}: records speak against the answer given, by which {person} acts.",
    "exculpatory_beside": "For {acts}: another session of the same account can be open at the time, so the account alone does not point at {person}.",
    "exculpatory_none": "The same search is made for {person} as for everybody, and finds nothing in particular.",
    "inculpatory_acts": "Of the acts in question, {acts} {verb} attributed to {person}.",
    "inculpatory_reason": "For {acts}: {label} {person}.",
    "inculpatory_none": "No act in question is attributed to {person}, and none is left open between {person} and others.",
    "inculpatory_candidate": "{person} is one of the candidates for {acts}; which person acts is inconclusive.",
    "claim_said": "{text}{by} says that {proposition} (denial {id}).",
    "claim_names": "The denial names {names}.",
    "claim_result": "The evidence read {status} denial {id}: {why}{acts}.",
    "claim_missing": "What would test denial {id} further: {missing}.",
    "contradiction": "The sources do not agree on {about_}.",
    "contradiction_says": "One source gives: {what}.",
    "accounting": "Of {total} bytes of evidence, {parsed} are read as records, {rejected} cannot be read, and {ignored} hold nothing that the program reads.",
    "rival_found": "For job {job} a record speaks of {rivals}.",
    "rival_not_found": "For job {job} nothing is found that speaks of {rivals}, in the sources that would show it.",
    "rival_not_collected": "For job {job} no source is read that would show {rivals}.",
    "comparison": "For act {act}: {wording}{limits}.",
    "comparison_groups": "Bad ends among the jobs that read the change: {bad} of {jobs}; among {other}: {other_bad} of {other_jobs} (Fisher's exact test: {p}; odds ratio {odds}).",
    "comparison_step": "Among {whose}, of those with {size} GPUs or more {hit} of {large} end badly, and of those with {last} or fewer {below} of {small} ({p} after trying {cuts}).",
    "comparison_rate": "In the time asked about {failures} jobs fail in {days} GPU-days; before it {before} in {before_days} (as many or more, at the rate before: {p}; the rate is {ratio} times the one before, at 95 %).",
    "damage_sum": "The {column} losses are {money} {currency}, in {count}{rest}.",
    "damage_none": "No attempt of a job asked about is in the column of {column} losses.",
    "damage_peak": "The scheduler's records that were read allocate at most {most} GPUs at the same time {scope}{rest}.",
    "damage_hours": "To the jobs asked about they allocate at most {hours} GPU-hours in all{money}{rest}.",
    "damage_stated": "A figure of {figure} is stated ({source}): it is {answer}.",
    "rejects_matter": "What cannot be read can hold facts that would change an answer.",
}
"""Every sentence that can be printed about a fact."""

_HOLDER = "holder_of:"


def say(key: str, citations: Iterable[Any] = (), *, basis: Basis = Basis.FACT, about: str | None = None, **values: Value) -> Sentence:  # fmt: skip
    """Fill one template.

    A value that is a plain string is ours; evidence and names come as parts, in their own tone.

    Args:
        key: which of `TEMPLATES`.
        citations: mappings or tuples of sha256, start, stop.
        basis: what the sentence rests on; a fact without citations becomes `UNCITED`.
        about: the finding it speaks of.
        values: one for each name in the template.
    """
    cited = tuple(dict.fromkeys(_citation(c) for c in citations))
    if basis is Basis.FACT and not cited:
        basis = Basis.UNCITED
    return Sentence(put(TEMPLATES[key], **values), cited, basis, about, opens=True)


def _citation(value: Any) -> Citation:  # noqa: ANN401 - a mapping of the findings, or a tuple
    if isinstance(value, Mapping):
        return Citation(str(value["sha256"]), int(value["start"]), int(value["stop"]))
    return Citation(*value)


def counted(count: int, one: str) -> Part:
    """`1 record`, `2,000 records`."""
    return put(wordings.COUNTED[one][count != 1], count=f"{count:,}")


def missing_parts(codes: Iterable[str]) -> list[Part]:
    """What is missing, in words."""
    return listed([words(phrases.MISSING, c) for c in codes])


def act_names(acts: Sequence[str], count: int | None = None) -> list[Part]:
    """`act A0001`, `acts A0001 and A0002`; of more than eight, or of `count` of which these are the first, eight and how many more."""
    shown, rest = list(acts[:8]), (count or len(acts)) - 8
    tail = [put("{count} more", count=f"{rest:,}")] if rest > 0 else []
    names = listed([*shown, *tail])
    return [put("act {acts}", acts=names) if len(acts) == 1 else put("acts {acts}", acts=names)]


def moment(when: Sequence[str | None] | None) -> Value:
    """When it can have been, in words; empty where no time is known."""
    if not when or (when[0] is None and when[1] is None):
        return ""
    first, last = (None if w is None else stamp(w) for w in when)
    if first is None or last is None:
        known = "before" if first is None else "after"
        return put(wordings.MOMENTS[known], first=first or "", last=last or "")
    if first == last:
        return put(wordings.MOMENTS["at"], first=first)
    until = figure(last.text[CLOCK]) if first.text[DAY] == last.text[DAY] else last
    return put(wordings.MOMENTS["between"], first=first, last=until)


DAY, CLOCK, SECOND = slice(10), slice(11, None), slice(19)
"""Of a time in print: its day, its time of day, and all of it to the second."""


def stamp(written: str, cut: slice = slice(None)) -> Part:
    """`2026-11-23 15:11:48.100` of a time as the findings write it, or a piece of that."""
    return figure(quoted(written, 40).replace("T", " ").removesuffix("Z")[cut])


def job_sentences(job: Json, acts: Mapping[str, Json]) -> list[Sentence]:
    """How a job ended, and what the cause is, where the records give one.

    Args:
        job: one of the findings' jobs.
        acts: the findings' acts by id.
    """
    return [job_sentence(job), cause_sentence(job, acts)]


def job_sentence(job: Json) -> Sentence:
    """The outcome that the scheduler recorded."""
    name, owner = quote(job["job"]), job.get("owner")
    whose: Value = put(" of account {owner}", owner=quote(owner)) if owner else ""
    cited, about = job.get("citations", ()), f"job {job['job']}"
    if not job.get("outcome"):
        return say("job_no_outcome", basis=Basis.ABSENCE, about=about, job=name, owner=whose)
    start, end = job.get("start"), job.get("end")
    ran: Value = ""
    if start and end:
        nodes: Value = put(" on {nodes}", nodes=quote(job["nodes"])) if job.get("nodes") else ""
        ran = put(
            "; it runs from {start} to {end} UTC{nodes}", start=stamp(start), end=stamp(end), nodes=nodes
        )
    outcome = quote(job["outcome"])
    return say("job_outcome", cited, about=about, job=name, owner=whose, outcome=outcome, ran=ran)


def cause_sentence(job: Json, acts: Mapping[str, Json]) -> Sentence:
    """The cause, as one of five answers; inconclusive is one of them."""
    cause = str(job.get("cause") or "not_established")
    key = f"job_{cause}" if f"job_{cause}" in TEMPLATES else "job_not_established"
    why = words(phrases.JOB_WHY, job.get("why") or "no_record_of_cause")
    cited, about, name = list(job.get("citations", ())), f"job {job['job']}", quote(job["job"])
    if key == "job_act":
        mine = _telling(job, acts)
        cited = [c for a in mine for c in acts.get(a, {}).get("citations", ())] or cited
        effects = {acts[a].get("effect") for a in mine if a in acts}
        key = "job_act_possible" if effects == {"possible"} else key
        return say(key, cited, about=about, job=name, why=why, acts=act_names(mine))
    basis = Basis.FACT if cited or key in {"job_own_failure", "job_infrastructure"} else Basis.ABSENCE
    return say(key, cited, basis=basis, about=about, job=name, why=why)


def _telling(job: Json, acts: Mapping[str, Json]) -> list[str]:
    """The acts of a job that can be what befell it: not its owner's own requests, nor what its own processes do; all, where none is known to."""
    every = list(job.get("acts", ()))
    return [a for a in every if acts.get(a, {}).get("effect") in {"shown", "possible"}] or every


def hours_sentence(job: Json) -> Sentence | None:
    """The GPU-hours allocated, where there are any."""
    low, high = job.get("gpu_hours") or (0.0, 0.0)
    if not high:
        return None
    hours: Value = f"{low:,.2f}"
    if low != high:
        hours = put("{low} to {high}", low=f"{low:,.2f}", high=f"{high:,.2f}")
    return say(
        "job_hours", job.get("citations", ()), about=f"job {job['job']}", job=quote(job["job"]), hours=hours
    )


def account_sentence(act: Json) -> Sentence:
    """What happened, at the level of accounts."""
    account, effective = act.get("account"), act.get("effective")
    rights: Value = ""
    if effective and effective != account and act["act"] != "escalate":
        rights = put(", with the rights of account {account}", account=quote(effective))
    thing = _object(act)
    when, cited = moment(act.get("when")), act.get("citations", ())
    does = words(phrases.ACTS, act["act"])
    if not account:
        return say(
            "account_unknown", cited, about=act["id"], act=act["id"], does=does, object=thing, when=when
        )
    return say(
        "account", cited, about=act["id"], act=act["id"], account=_actor(act), does=does,
        object=thing, rights=rights, when=when,
    )  # fmt: skip


def _actor(act: Json) -> Value:
    """The account; where a job's own process acts under it, that comes first, for its owner may have done nothing."""
    if act.get("origin") == "job":
        return put("a process of a job, under account {account},", account=quote(act["account"]))
    return put("account {account}", account=quote(act["account"]))


def _object(act: Json) -> Value:
    thing = act.get("object")
    if thing is None:
        return put("what no record names")
    return put("job {job}", job=quote(thing)) if thing == act.get("job") else quote(thing)


def link_sentence(act: Json) -> Sentence:
    """How the act and the job are tied, and by which rule."""
    if act.get("job") is None or act.get("link") == "not_established":
        return say("no_link", basis=Basis.ABSENCE, about=act["id"], act=act["id"])
    return say(
        "link", act.get("citations", ()), about=act["id"], act=act["id"], job=quote(act["job"]),
        link=words(phrases.LINK_NAMES, act.get("link")), meaning=words(phrases.LINKS, act.get("link")),
        why=words(phrases.WHY_LINK, act["why_link"]) if act.get("why_link") else phrases.NO_RULE,
    )  # fmt: skip


def person_sentence(act: Json) -> Sentence:
    """Who acted, at the level of persons: always a sentence of its own."""
    found: Json = act.get("person") or {}
    cited, about = act.get("citations", ()), act["id"]
    verdict = found.get("verdict", "not_attempted")
    if verdict == "attributed" and found.get("name"):
        rival = found.get("best_rival")
        return say(
            "person_attributed", cited, about=about, act=about, person=person(found["name"]),
            strength=words(phrases.STRENGTHS, found.get("strength")), rival=rival_parts(rival),
        )  # fmt: skip
    if verdict in {"inconclusive", "attributed"}:
        why = put("the links named below do not agree on one person")
        if act.get("missing"):
            why = put("the evidence lacks {missing}", missing=missing_parts(act["missing"]))
        return say("person_inconclusive", cited, about=about, act=about, missing=why)
    if verdict == "nobody":
        return say("person_nobody", cited, about=about, act=about)
    if "roster" in act.get("missing", ()):
        return say("person_no_roster", basis=Basis.ASKED, about=about, act=about)
    return say("person_job_process", cited, about=about, act=about)


def rival_parts(rival: str | None) -> Value:
    """Who the rival is: a person of the roster, somebody outside it, or whoever holds a trust domain."""
    if not rival:
        return put("anybody else on the roster")
    if rival in phrases.RIVALS:
        return words(phrases.RIVALS, rival)
    if rival.startswith(_HOLDER):
        return put("whoever holds {domain}", domain=quote(rival.removeprefix(_HOLDER)))
    return person(rival)


_BY_UNNAMED = frozenset({"writer_of_what_ran", "startup_files_of_account", "startup_files_of_time", "history_of_session"})  # fmt: skip
"""What is missing of an act that somebody can have had done in the session of another, and of whom no record tells."""


def candidates_sentence(act: Json) -> Sentence | None:
    """Who comes into question, where the answer is inconclusive."""
    found: Json = act.get("person") or {}
    if found.get("verdict") != "inconclusive" or not found.get("candidates"):
        return None
    names = few(found["candidates"])
    more = "" if _BY_UNNAMED.isdisjoint(act.get("missing", ())) else "_and_unnamed"
    return say(
        f"person_candidates{more}", act.get("citations", ()), about=act["id"], act=act["id"], names=names
    )
