"""What speaks for each person: sought for everybody on the roster, in the same way, before anything else is said."""

from collections.abc import Iterable, Mapping
from typing import Any

from forensics.analysis import attendance, by_hand, passed_on
from forensics.analysis.acts import Act, Scene
from forensics.analysis.deferral_rules import DECISION, UNSEEN, WRITER
from forensics.analysis.examination import Examination
from forensics.analysis.holders import people_of

Json = dict[str, Any]
_OF_ANOTHER = frozenset(
    {
        "payload_executed",
        "opened_by_job",
        "argument_of_job_process",
        "named_in_script",
        "imported_by_script",
        "checked_out_for_job",
    }
)
"""How a job came to read what another wrote."""


def sought(done: Examination, acts: list[Act], names: Mapping[str, str]) -> list[Json]:
    """What speaks for a person, sought for everybody on the roster in the same way."""
    found: list[Json] = []
    for person in sorted(done.scene.directory.people):
        found += _for_person(done, person, acts, names)
    return found


def _of_others(scene: Scene, act: Act, inputs: Iterable[str]) -> tuple[str, list[str]] | None:
    """That others decided what did an act, or can have; and by which events."""
    if DECISION in act.missing:
        return "ran_what_another_wrote", [p.events[0] for p in act.planters]
    if WRITER in act.missing:
        return "ran_what_is_of_unknown_writer", list(inputs)
    if UNSEEN.isdisjoint(act.missing):
        return None
    if act.can_hold:
        return "can_have_taken_in_what_another_changed", act.can_hold
    return (
        "done_as_shell_starts" if by_hand.too_soon(act) else "asked_for_by_no_line",
        by_hand.looked_through(scene, act),
    )


def _for_person(done: Examination, person: str, acts: list[Act], names: Mapping[str, str]) -> Iterable[Json]:
    directory = done.scene.directory
    own = [
        s for s in done.sessions
        if s.service == "sshd" and person in people_of(done.scene, s)
    ]  # fmt: skip
    ran = {row.act.act_id: row.inputs for row in done.deferrals}
    for act in acts:
        if act.earliest_ns is None or act.latest_ns is None or act.origin == "job":
            continue
        name = names[act.act_id]
        open_then = next((s for s in own if attendance.open_then(done.scene, s, act)), None)
        mine = act.session is not None and act.session.session_id in {s.session_id for s in own}
        if open_then and not mine and act.session is not None:
            events = [open_then.events[0], act.events[0]]
            yield {"person": person, "kind": "act_is_in_another_session", "act": name, "because": events}
        elif not open_then and own:
            yield {
                "person": person,
                "kind": "no_login_session_open_then",
                "act": name,
                "because": [s.events[0] for s in own][:3],
            }
        if mine and (said := _of_others(done.scene, act, ran.get(act.act_id, ()))):
            yield {"person": person, "kind": said[0], "act": name, "because": [act.events[0], *said[1]]}
        asserted = directory.called(act.author, act.earliest_ns, act.latest_ns) | directory.called(
            act.committer, act.earliest_ns
        )
        if person in asserted and act.person != person and person not in done.judged[act.act_id].candidates:
            yield {
                "person": person,
                "kind": "named_by_forgeable_field_only",
                "act": name,
                "because": list(act.events[:2]),
            }
        if act.act == "push" and act.person == person and (moved := passed_on.moved_on(done.scene, act)):
            yield {
                "person": person,
                "kind": "pushed_to_another_ref",
                "act": name,
                "because": [*act.events[:1], *(str(e.event_id) for e in moved)],
            }
        job = done.scene.jobs.get(act.job or "")
        if (
            job is not None
            and person in directory.owners(job.owner, job.submit_ns)
            and act.why_link in _OF_ANOTHER
            and act.person != person
        ):
            yield {
                "person": person,
                "kind": "own_job_ran_bytes_of_another",
                "act": name,
                "because": list(act.events[:3]),
            }
