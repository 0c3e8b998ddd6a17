"""The report as data: headings, paragraphs, tables and figures, in order, ready for the template."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from forensics.core import roster
from forensics.render import (
    annexes,
    antecedents,
    boundary,
    bounded,
    certificates,
    comparison,
    damage,
    denials,
    dossier,
    exhibits,
    federations,
    figures,
    overlaps,
    persons,
    phrases,
    ratios,
    sentences,
    terms,
)
from forensics.render.citing import Sources
from forensics.render.glyphs import quoted
from forensics.render.languages import ENGLISH, Language
from forensics.render.pages import Pages
from forensics.render.parts import Part, Tone, Value, few, listed, person, put, quote
from forensics.render.phrases import words
from forensics.render.sentences import Json, Sentence

Block = dict[str, Any]
_SUMMED_ACTS, _DRAWN_JOBS = 8, 8
_NOTHING = "—"


@dataclass(slots=True)
class Document:
    """What the template prints, and the figures it shows, as SVG by name."""

    content: Json
    figures: dict[str, bytes]


def build(findings: Json, *, events: pa.Table, files: pa.Table, language: Language = ENGLISH) -> Document:
    """Put the report together.

    Args:
        findings: as `findings.json` holds them.
        events: schema `event`.
        files: schema `file`.
        language: in which it speaks; quotations, numbers and citations are the same in each.
    """
    sources = Sources(findings, events=events, files=files, language=language)
    pages = Pages(findings, sources, events, language)
    sections: tuple[Callable[[Pages], None], ...] = (
        _question, _boundary, _summary, _for_persons, _against_persons, _timelines, _acts, comparison.section, _claims,
        _contradictions, _gaps, damage.section, annexes.method, annexes.sources, exhibits.evidence, annexes.citations, terms.section,
    )  # fmt: skip
    for section in sections:
        section(pages)
    pages.blocks.append({"t": "sign"})
    title = (findings.get("case") or {}).get("title")
    named = quote(title, 160) if title else put("Untitled case")
    content = {
        "lang": language.code,
        "title": language.text(named),
        "header": language.text(Part(quoted(named.text, 70), Tone.QUOTED) if title else named),
        "notice": terms.notice(pages),
        "words": {
            **{name: language.text(put(english)) for name, english in boundary.PAGE.items()},
            "adopted": [language.text(put(english)) for english in boundary.ADOPTED],
            "joint": language.joint,
        },
        "blocks": pages.blocks,
    }
    return Document(content, pages.figures)


def _question(p: Pages) -> None:
    case = p.findings.get("case") or {}
    window = case.get("window") or (None, None)
    span = _stretch(window)
    people = [str(x["name"]) for x in p.findings.get("persons") or ()]
    claims = [str(c["id"]) for c in p.findings.get("claims") or ()]
    p.head(1, "What is asked")
    p.plain(*boundary.QUESTION)
    p.table(("Point", "As given"), ("11em", "1fr"), [
        (put("Cluster"), quote(case["cluster"]) if case.get("cluster") else put("not named")),
        (put("Jobs"), bounded.named(p.findings)),
        (put("Time"), span),
        (put("Zone of clocks that name none"), quote(case["zone"]) if case.get("zone") else put("not named")),
        (put("Persons listed"), few(people) if people else put("none: no roster is given")),
        (put("Denials to test"), listed(claims, ", ") or put("none")),
        (put("Evidence"), put("{count} files: see Annex A", count=f"{len(p.sources.evidence):,}")),
    ])  # fmt: skip


def _stretch(window: Sequence[str | None]) -> Value:
    """The time asked about, by itself."""
    span = sentences.moment(window)
    return Part(span.text.strip(), values=span.values) if isinstance(span, Part) else put("not bounded")


def _boundary(p: Pages) -> None:
    p.head(1, "What this report is, and is not")
    for paragraph in boundary.BOUNDARY:
        p.plain(*paragraph)


def _summary(p: Pages) -> None:
    p.head(1, "Summary")
    known = {a["id"]: a for a in p.acts}
    on = {str(j["job"]) for j in p.findings.get("jobs") or ()}
    for job in bounded.jobs(p.findings):
        p.head(2, put("Job {job}", job=quote(job["job"])))
        p.para(
            *sentences.job_sentences(job, known),
            federations.federation_sentence(job),
            sentences.hours_sentence(job),
        )
        _summed(p, [known[a] for a in job.get("acts") or () if a in known])
    bounded.other_jobs(p)
    rest = [a for a in p.acts if a.get("job") not in on]
    if rest:
        p.head(2, "Acts that prepare, carry or hide another")
        _summed(p, rest)
    if not p.acts:
        p.plain("No act on a job in question is found in the evidence read.")
    claims = p.findings.get("claims") or ()
    if claims:
        p.head(2, "Denials")
    p.items(_asked_and_answered(claim, known) for claim in claims)


def _summed(p: Pages, acts: Sequence[Json]) -> None:
    rows: list[list[Sentence | None]] = [
        [
            sentences.account_sentence(a),
            sentences.person_sentence(a),
            sentences.candidates_sentence(a),
            ratios.effect_sentence(a),
        ]
        for a in acts[:_SUMMED_ACTS]
    ]
    p.items(rows)
    if len(acts) > _SUMMED_ACTS:
        p.plain(
            put("The other {count} acts are in the section on acts.", count=f"{len(acts) - _SUMMED_ACTS:,}")
        )


def _asked_and_answered(claim: Json, known: dict[str, Json]) -> list[Sentence]:
    """Who denies what, and what the evidence says of it."""
    said = dossier.claim_sentences(claim, known)
    return [said[0], next(s for s in said if s.text.startswith("The evidence read"))]


def _people(findings: Json) -> list[str]:
    """Everybody named anywhere in the findings, in alphabetical order: the same search for all."""
    names = {str(x["name"]) for x in findings.get("persons") or ()}
    names |= {str(i["person"]) for i in findings.get("exculpatory") or () if i.get("person")}
    for act in findings.get("acts") or ():
        found = act.get("person") or {}
        names |= {str(n) for n in (*(found.get("candidates") or ()), found.get("name")) if n}
    return sorted(names)


def _for_persons(p: Pages) -> None:
    p.head(1, "What speaks for each person")
    p.plain(*boundary.FOR)
    if not _people(p.findings):
        p.plain(*boundary.NOBODY)
    for name in persons.told(p, _people(p.findings)):
        p.head(2, person(name))
        found = dossier.exculpatory_sentences(name, p.findings, p.sources.cites)
        p.items([s] for s in found)


def _against_persons(p: Pages) -> None:
    p.head(1, "What points at each person")
    p.plain(*boundary.AGAINST)
    if not _people(p.findings):
        p.plain(*boundary.NOBODY)
    for name in persons.told(p, _people(p.findings)):
        p.head(2, person(name))
        p.items([s] for s in dossier.inculpatory_sentences(name, p.acts, p.sources.cites))


def _timelines(p: Pages) -> None:
    every = len(p.findings.get("jobs") or ())
    jobs = bounded.jobs(p.findings)
    if not (jobs or p.acts):
        return
    p.head(1, "Timelines")
    p.plain(*boundary.TIMELINE)
    for job in jobs[:_DRAWN_JOBS]:
        name = quote(job["job"])
        _timeline(p, str(job["job"]), put("Job {job}: what the records place in time.", job=name))
    if not jobs:
        _timeline(p, None, put("What the records place in time."))
    if every > _DRAWN_JOBS:
        more = f"{every - _DRAWN_JOBS:,}"
        p.plain(put("Timelines of the other {count} jobs are drawn on request, one by one.", count=more))


def _timeline(p: Pages, job: str | None, caption: Part) -> None:
    drawn_as = f"timeline{len(p.figures) + 1}.svg"
    p.figures[drawn_as] = figures.svg(figures.timeline(p.findings, p.events, job=job, language=p.language))
    alt = p.language.text([caption, put(" The table of acts holds the same facts.")])
    p.blocks.append({"t": "fig", "file": drawn_as, "caption": p.runs([caption]), "alt": alt})


def _acts(p: Pages) -> None:
    p.head(1, "Acts")
    if not p.acts:
        p.plain("No act on a job in question is found in the evidence read.")
        return
    p.plain(*boundary.ACTS)
    bounded.other_acts(p, p.acts)
    p.table(
        ("Act", "Time (UTC)", "What", "Object", "Account", "Job", "Person"),
        ("auto", "7.4em", "5.8em", "1fr", "auto", "auto", "6.4em"), (_row(a) for a in p.acts[: bounded.MOST_ROWS]),
    )  # fmt: skip
    for act in bounded.acts(p.findings):
        _act(p, act)


def _row(act: Json) -> list[Any]:
    when = act.get("when") or (None, None)
    time: Value = sentences.stamp(when[0]) if when[0] else put("not recorded")
    if when[1] and when[1] != when[0]:
        time = put("{first} to {last}", first=time, last=sentences.stamp(when[1], sentences.CLOCK))
    found = act.get("person") or {}
    who: Any = words(phrases.VERDICTS, found.get("verdict", "not_attempted"))
    if found.get("verdict") == "attributed":
        strength = words(phrases.STRENGTHS, found.get("strength"))
        who = put("{person} ({strength})", person=person(found["name"]), strength=strength)
    name = Sentence((Part(act["id"]),), sentences.account_sentence(act).citations, about=act["id"])
    thing, account, job = act.get("object"), act.get("account"), act.get("job")
    return [
        name if name.citations else act["id"], time, words(phrases.NAMES, act["act"]),
        _thing(act) if thing else _NOTHING,
        Part(quoted(str(account), 40), Tone.QUOTED) if account else put("not named"),
        Part(quoted(str(job), 40), Tone.QUOTED) if job else _NOTHING, who,
    ]  # fmt: skip


def _thing(act: Json) -> Part:
    name = Part(quoted(str(act["object"]), 90), Tone.QUOTED)
    return put("job {job}", job=name) if act["object"] == act.get("job") else name


def _act(p: Pages, act: Json) -> None:
    cites = p.sources.cites
    left = antecedents.left_sentences(act)
    p.head(2, put("{id}: {name}", id=act["id"], name=words(phrases.NAMES, act["act"])))
    p.para(
        sentences.account_sentence(act), dossier.entry_sentence(act, cites), None if left else dossier.planted_sentence(act),
        dossier.asserted_sentence(act), dossier.signature_sentence(act), *certificates.certificate_sentences(act), sentences.link_sentence(act), ratios.effect_sentence(act),
    )  # fmt: skip
    p.para(
        ratios.account_level_sentence(act), sentences.person_sentence(act), sentences.candidates_sentence(act),
        *ratios.ratio_sentences(act),
    )  # fmt: skip
    if before := [
        *antecedents.came_from_sentences(act),
        *antecedents.rights_sentences(act),
        *antecedents.agent_sentences(act),
        *left,
    ]:
        p.plain("What came before it:")
        p.items([s] for s in before)
    if act.get("could_have"):
        p.plain("Who can have been in the account, by class:")
        p.items([s] for s in antecedents.candidate_sentences(act, cites))
    if act.get("capability"):
        p.plain("Who has the right to do it, as of that time, by what is on record:")
        p.items([s] for s in ratios.capability_sentences(act, cites))
    if act.get("reasons"):
        p.plain("What the links say:")
        p.items([s] for s in dossier.reason_sentences(act, cites))
    p.para(dossier.frame_cost_sentence(act), *dossier.gate_sentences(act), dossier.missing_sentence(act))
    p.para(*dossier.against_sentences(act, cites))
    against = [h.get("against") for h in act.get("hypotheses") or ()]
    if against:
        p.plain(*boundary.HYPOTHESES)
        persons.explained(p, act)
        p.items([s] for s in ratios.hypothesis_sentences(act))
        p.para(*ratios.sensitivity_sentences(act))
    if act.get("rivals"):
        p.plain("How the same records bear on the others listed:")
        p.items(
            [*dossier.rival_sentences(act, r, cites), ratios.standing_sentence(act, str(r["name"]))]
            for r in persons.rivals(p, act)
        )


def _claims(p: Pages) -> None:
    p.head(1, "Denials tested")
    p.plain(*boundary.CLAIMS)
    known = {a["id"]: a for a in p.acts}
    claims = p.findings.get("claims") or ()
    if not claims:
        p.plain("No denial is given to test.")
    for claim in claims:
        p.head(2, put("{id}: {name}", id=str(claim["id"]), name=words(denials.CLAIMS, claim["id"])))
        p.para(*dossier.claim_sentences(claim, known))


def _contradictions(p: Pages) -> None:
    p.head(1, "Contradictions")
    found = p.findings.get("contradictions") or ()
    p.plain(*(boundary.CONTRADICTIONS if found else boundary.NO_CONTRADICTIONS))
    for i, item in bounded.contradictions(p):
        head, *rest = dossier.contradiction_sentences(bounded.says(p, item), i)
        p.para(head)
        p.items([s] for s in rest)
    if at_once := p.findings.get("overlaps"):
        p.head(2, "Sessions at once")
        p.plain(*boundary.OVERLAPS)
        p.items(overlaps.overlap_sentences(at_once))


def _gaps(p: Pages) -> None:
    p.head(1, "Gaps and missing sources")
    found = p.findings.get("gaps") or ()
    p.plain(*(boundary.GAPS if found else boundary.NO_GAPS))
    p.items(dossier.gap_sentences(g) for g in bounded.gaps(p))
    said = [asked for asked in p.findings.get("requests") or () if asked["answer"] == roster.NONE_THERE]
    p.items(dossier.none_there_sentences(asked) for asked in said)
