"""Where sources tell one thing differently: both are shown, with their citations, and neither is chosen."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from forensics.analysis import (
    astray,
    channels,
    copies,
    forge_names,
    git_acts,
    imitated,
    oddities,
    selfset,
    signed_acts,
    trailcopies,
    typed_lines,
)
from forensics.analysis.acts import Act
from forensics.analysis.evidence import picked, rows_of
from forensics.analysis.examination import Examination
from forensics.analysis.identity import REGISTER, Enrolment
from forensics.analysis.jobs import Job

Json = dict[str, Any]
Cites = Callable[[Iterable[str]], list[Json]]


def of_sources(done: Examination, acts: list[Act], names: Mapping[str, str], cites: Cites) -> list[Json]:
    """Every contradiction, each with what the sources say and where: of sessions, commits, signatures, refs, registers, jobs."""
    found: list[Json] = []
    for session in done.sessions:
        for what in sorted(session.contradicts):
            rows = done.scene.events.loc[[e for e in session.events if e in done.scene.events.index]]
            column = {"address": "address", "account": "account", "credential": "credential"}[what]
            says = [
                {
                    "what": f"{column} {value}",
                    "citations": cites(rows.loc[rows[column] == value, "event_id"]),
                }
                for value in sorted({v for v in rows[column] if isinstance(v, str)})
            ]
            found.append(
                {"about": f"session {session.session_id}: {what}", "kind": "sources_disagree", "says": says}
            )
    for act in acts:
        asserted = str(act.author or "").split(" <")[0]
        if act.act == "commit" and asserted and _wrote(act) and not _means(act, done):
            told = [e for e in act.events if done.scene.events.loc[e, "verb"] == "commit"]
            seen = [e for e in act.events if e not in told]
            found.append({
                "about": f"{names[act.act_id]}: commit {act.object}",
                "kind": "asserted_author",
                "says": [
                    {"what": f"the commit names {asserted}", "citations": cites(told)},
                    {"what": f"account {act.account} wrote it", "citations": cites(seen)},
                ],
            })  # fmt: skip
    found += signed_acts.contradictions(done, cites)
    found += unpushed(done, cites)
    found += forge_names.contradictions(done.scene.evidence.called, cites)
    found += copies.contradictions(done.scene.evidence, cites)
    found += trailcopies.contradictions(done.scene.evidence, cites)
    found += selfset.contradictions(done.scene.evidence.events, cites)
    found += imitated.contradictions(done.scene.evidence.typed)
    found += typed_lines.contradictions(done.scene.evidence.alone, cites)
    found += copies.of_records(done.scene.evidence, acts, cites)
    for about, lines in done.scene.directory.disagreements().items():
        says = [_enrolled(e, cites) for e in lines]
        found.append({"about": f"who has {about}", "kind": "register_disagrees", "says": says})
    for job in done.asked:
        found += [
            {
                "about": f"job {job.job}: {column}",
                "kind": "sources_disagree",
                "says": _job_says(done, job, column),
            }
            for column in job.disagree
        ]
    return found


def _wrote(act: Act) -> bool:
    """Whether records say whose account wrote a commit: no time that the commit names, and no copy of its object."""
    return act.account is not None and not git_acts.NOT_WRITTEN & set(act.missing)


def _means(act: Act, done: Examination) -> bool:
    """Whether the author that a commit names can be who holds the account that wrote it: people seldom sign with a login name."""
    name, address = oddities.parted(act.author)
    directory = done.scene.directory
    if people := directory.called(act.author, act.earliest_ns, act.latest_ns):
        return bool(people & directory.owners(act.account, act.earliest_ns, act.latest_ns))
    return act.account in {name, address.partition("@")[0]}


_BESIDE = "a request to push that names no ref is told within a minute, and is counted for another move, push or refusal"


def unpushed(done: Examination, cites: Cites) -> list[Json]:
    """Refs that moved where pushes arrive, and that no log of a push tells; beside what was not collected."""
    scene, found = done.scene, list[Json]()
    ways = channels.channels(scene)
    moves = channels.moves(scene, ways)
    for move in moves:
        if move.told_by != "nothing":
            continue
        told = [c for c in ways if c.repository == move.repository and c.way not in move.uncollected]
        heard = (
            ", ".join(sorted({form for c in told for form in c.formats})) or "any log, for none was collected"
        )
        left = f"; not collected of that time: {', '.join(move.uncollected)}" if move.uncollected else ""
        said = (f"the reflog moves it to {move.new or '?'}", f"no push is told in {heard}{left}")
        line, *beside = move.events
        cited = cites([line])
        about = f"repository {move.repository}: {move.ref}"
        says = [{"what": what, "citations": cited} for what in said]
        if beside:
            says.append({"what": _BESIDE, "citations": cites(beside)})
        found.append({"about": about, "kind": "ref_moved_without_push", "says": says})
    for ref in astray.astray(scene, ways, moves):
        left = f"; nothing was collected of {', '.join(ref.uncollected)}" if ref.uncollected else ""
        stands, push = ref.events
        says = [
            {"what": f"the ref names {ref.now}", "citations": cites([stands])},
            {
                "what": f"the last push that {ref.pushed_by} tells moves it to {ref.pushed}{left}",
                "citations": cites([push]),
            },
        ]
        about = f"repository {ref.repository}: {ref.ref}"
        found.append({"about": about, "kind": "ref_not_where_last_push_put_it", "says": says})
    return found


def _enrolled(e: Enrolment, cites: Cites) -> Json:
    """What one source says of a number, an account or a key; the register is no evidence."""
    holder = f"account {e.account}" if e.person is None else f"person {e.person}"
    what = f"{e.source} ({e.domain}): {e.kind} {e.thing} is of {holder}"
    return {"what": what, "register": e.domain == REGISTER, "citations": cites(e.events[:2])}


def _job_says(done: Examination, job: Job, column: str) -> list[Json]:
    records = done.scene.evidence.job_records
    rows = picked(records, (records["job"] == job.job) & records["step"].isna())
    return [
        {"what": f"{r.format}: {getattr(r, column)}", "citations": [{"sha256": r.sha256, "start": int(r.start), "stop": int(r.stop)}]}
        for r in rows_of(rows.sort_values(["format", "sha256", "start"]))
    ]  # fmt: skip
