"""Acts on jobs: asked of the scheduler, or done to a job's processes by signal.

A kill request in the controller's log carries the uid that the scheduler authenticated. The command
that sent it is looked for in the audit trail, and gives the session; a request whose command is not
found keeps its account and has no session.
"""

import re
from collections.abc import Callable, Iterable

import pandas as pd

from forensics.analysis import commands, imitated, order, rights, senders, unrecorded
from forensics.analysis.acts import Act, Scene, moment
from forensics.analysis.by_verb import of_verbs
from forensics.analysis.evidence import Row, one_session, picked, rows_of
from forensics.analysis.job_readings import submissions
from forensics.analysis.jobs import Job
from forensics.analysis.senders import Sent
from forensics.analysis.unrecorded import CANCELLING
from forensics.core import kubejobs
from forensics.core.messageevents import SYSTEM_LOGS

_NEAR_NS = 5_000_000_000
_SCONTROL = {
    "hold": "hold", "uhold": "hold", "release": "hold", "suspend": "hold", "resume": "hold",
    "requeue": "requeue", "requeuehold": "requeue", "update": "modify_job", "top": "modify_job",
}  # fmt: skip
_IDLE = frozenset({0, 17, 18, 23, 28})
"""Signals that a process does not notice unless it wants to (CHLD, URG, WINCH), that wake it (CONT), and 0, which is none."""
CONTROLLERS = ("slurmctld", "pbs_accounting", "pbs_server", "lsf_events", *kubejobs.FORMATS, "yarn_audit")
"""Formats in which a scheduler itself writes down each request as it comes in."""
SLURM = frozenset({"slurmctld"}) | SYSTEM_LOGS
"""Formats that hold what Slurm's controller writes; of a host's log only what its trusted fields bear out is left (`displaced`)."""
_POD = re.compile(
    r"(?:-[0-9]{1,5})?-(?:[bcdfghjklmnpqrstvwxz2456789]{5}|(?:master|worker|launcher|chief|ps|head)(?:-[a-z0-9]{1,10})*)"
)
"""What a controller puts behind a job's name to name a pod: an index, five of its letters, or a role."""
_REFUSED = "update_request_refused"
_SENT_ON = re.compile(r" uid [0-9]{1,10} routed to [^\s]+$")
"""The end of the line on a request that a cluster of a federation sends to the one that has the job."""


def _names_job(argv: object, job: Job, owner: str | None) -> bool:
    """Whether a scancel command can have meant a job: by id, by array or step of it, by name or by user."""
    words = list(argv) if isinstance(argv, list) else []
    if not unrecorded.asks_to_end(words):
        return False
    said = {w for part in words[1:] for w in part.split(",")}
    ids = {w.split("_")[0].split(".")[0] for w in said}
    # Other schedulers' ids have a server behind a point, or a namespace before a stroke.
    short = job.job.rpartition("/")[2]
    if job.job in ids | said or job.job.split("_")[0] in ids or short in said or _in_words(short, said):
        return True
    if any(i.isdigit() for i in ids):
        return False
    text = " ".join(words[1:])
    return names_many(words) and (
        job.name is None or job.name in text or (owner or "") in text or "-n" not in text
    )


def names_many(argv: Iterable[str]) -> bool:
    """Whether the words of a scancel command mean jobs by what they have in common, not by their ids."""
    return any(
        w.startswith(("-u", "--user", "-n", "--name", "-p", "--part", "-A", "--acc", "-t", "--state", "--me"))
        for w in argv
    )


def _in_words(short: str, said: set[str]) -> bool:
    """Whether a word names a job by its number before the server's name, or by its kind: `11`, `jobs/train`."""
    number = short.partition(".")[0]
    return (number.isdigit() and number in said) or any(w.rpartition("/")[2] == short for w in said)


def submits(scene: Scene) -> Iterable[Act]:
    """One act per job that some source says was submitted; ordinary work, kept in the acts table."""
    asked = of_verbs(scene.evidence, "submit")
    # Of the forty columns these are looked at, for every job: as rows, and not as a frame for each.
    submitted: dict[str, list[Row]] = {}
    for row in rows_of(asked[["event_id", "job", "account", "earliest_ns", "latest_ns"]]):
        submitted.setdefault(row.job, []).append(row)
    for job in scene.jobs.values():
        told = submitted.get(job.job, [])
        command = submissions(job, scene.evidence)
        alone = one_session(command)
        if not told and not alone:
            continue
        if alone:
            act = scene.act("submit", job.job, "submit_command", next(rows_of(command)))
            act.events += [e.event_id for e in told]
        else:
            # An act is called after its first event: which of two logs tells it first hangs on their clocks.
            records = sorted(e.event_id for e in told)
            act = Act("submit", job.job, "submit_record", records, *moment(told[0]))
            act.account = next(
                (e.account for e in told if isinstance(e.account, str)), job.submitter or job.owner
            )
            act.missing.append("command_of_request")
        act.job = job.job
        act.link, act.why_link = (
            ("observed", "scheduler_names_job") if told else ("derived", "command_before_start")
        )
        yield act


def cancels(scene: Scene) -> Iterable[Act]:
    """One act per kill request that the scheduler recorded, and per cancelling command it did not."""
    used: set[str] = set()
    asked = of_verbs(scene.evidence, "kill_request")
    # A request that names nobody, as in a log that anybody could have written, is no act of anybody.
    asked = picked(asked, asked["account"].notna() | asked["uid"].notna())
    told = [row for row in rows_of(asked[list(_REQUEST)]) if isinstance(row.job, str)]
    pods_of = _by_name_of_pod(
        scene, [r for r in told if r.format in kubejobs.FORMATS and isinstance(r.account, str)]
    )
    asked_of: dict[str, list[Row]] = {}
    for row in told:
        asked_of.setdefault(row.job, []).append(row)
    for job in scene.jobs.values():
        requests = _requests(asked_of.get(job.job, []))
        for rows in requests:
            yield _cancel(scene, job, rows, used)
        for rows in pods_of(job):
            act = _cancel(scene, job, rows, used)
            act.link, act.why_link = "derived", "pod_named_after_job"
            yield act
        if not requests and (job.outcome in {"CANCELLED", None} or job.exit_signal):
            yield from _unrecorded(scene, job, used)


_REQUEST = (
    "event_id", "format", "sha256", "job", "account", "uid", "text", "outcome", "address", "earliest_ns", "latest_ns",
)  # fmt: skip
"""What is read of a record of a request."""


def _requests(told: list[Row]) -> list[list[Row]]:
    """The records of each request to end one job: the controller's line, and the accounting of the same second."""
    if len(told) < 2:
        return [told] if told else []
    lines = [row for row in told if row.format in SLURM or row.format in CONTROLLERS]
    others = [row for row in told if not (row.format in SLURM or row.format in CONTROLLERS)]
    if not lines:
        return [others] if others else []
    groups: list[list[Row]] = []
    for line in lines:
        twin = next((known for known in groups if _same_request(known, line) or _routed(known, line)), None)
        if twin is None:
            groups.append([line])
        else:
            twin.append(line)
    # Accounting keeps one request, the one that ended the job: it belongs to the last line.
    groups[-1] += others
    return groups


def _by_name_of_pod(scene: Scene, told: list[Row]) -> Callable[[Job], list[list[Row]]]:
    """A look-up of requests to delete a pod that is named as the pods of a job are, where no record says whose it was.

    An audit log at level Metadata shows no labels and no owners; controllers name a pod after its job.
    """
    # A job of that very name of its own is no pod of another.
    own = {j.job for j in scene.jobs.values() if j.submit_ns is not None} if told else set[str]()
    at: dict[str, list[Row]] = {}
    for row in told:
        for cut in (m.start() for m in re.finditer("-", row.job) if row.job not in own):
            if _POD.fullmatch(row.job, cut):
                at.setdefault(row.job[:cut], []).append(row)
    return lambda job: [[row] for row in at.get(job.job, ())] if job.submit_ns is not None else []


def _same_request(known: list[Row], two: Row) -> bool:
    """Whether two files of one scheduler tell of one request: the same account, or Slurm's same words, in the same seconds."""
    one = known[0]
    if any(row.format == two.format for row in known):
        return False
    slurms = one.format in SLURM and two.format in SLURM and one.text == two.text and pd.notna(one.uid)
    alike = isinstance(one.account, str) and one.account == two.account
    if not (slurms or alike) or pd.isna(one.earliest_ns) or pd.isna(two.earliest_ns):
        return False
    return abs(int(one.earliest_ns) - int(two.earliest_ns)) <= _NEAR_NS


def _routed(known: list[Row], two: Row) -> bool:
    """Whether a controller of a federation sent a request on, and another one tells of it: by the same uid, in the same seconds."""
    one = known[0]
    if len(known) > 1 or one.sha256 == two.sha256:
        return False
    sent = [row for row in (one, two) if _SENT_ON.search(str(row.text))]
    if len(sent) != 1 or {one.format, two.format} != {"slurmctld"} or pd.isna(one.uid) or pd.isna(two.uid):
        return False
    if one.uid != two.uid or pd.isna(one.earliest_ns) or pd.isna(two.earliest_ns):
        return False
    return abs(int(one.earliest_ns) - int(two.earliest_ns)) <= _NEAR_NS


def _cancel(scene: Scene, job: Job, rows: list[Row], used: set[str]) -> Act:
    uid = next((int(r.uid) for r in rows if not pd.isna(r.uid)), None)
    named = next((r.account for r in rows if isinstance(r.account, str)), None)
    earliest, latest = moment(rows[0])
    account = _account(scene, job, uid, earliest, named)
    refused = all(r.outcome == "failure" for r in rows)
    rule = "kill_request_refused" if refused else "kill_request"
    act = Act("cancel", job.job, rule, [r.event_id for r in rows], earliest, latest)
    act.address = next((r.address for r in rows if isinstance(r.address, str)), None)
    act.account = act.effective = account
    act.job, act.link, act.why_link = job.job, "observed", "scheduler_names_job"
    row = [imitated.SECOND_RECORD] if imitated.alone(r.format for r in rows) else []
    if earliest is None or latest is None:
        act.missing += ["command_of_request", *row]
        return act
    sent = _sent(scene, job, earliest, latest, uid, account)
    if len(sent.sources) == 1:
        command = sent.ran[0]
        used.update(e.event_id for e in sent.ran)
        found = scene.act("cancel", job.job, rule, command)
        act.session, act.host, act.origin, act.pid = found.session, found.host, found.origin, found.pid
        act.account = found.account or account
        act.events += [e.event_id for e in sent.ran]
        _kind_of_signal(act, command.argv)
    elif sent.sources:
        act.missing.append("one_command_for_request")
        senders.cite(act, sent, earliest)
    else:
        act.missing += ["command_of_request", *row]
    return act


def _sent(scene: Scene, job: Job, earliest: int, latest: int, uid: int | None, account: str | None) -> Sent:
    """What can have sent a request to end a job, asked once for all requests of one account about which the same commands ran."""
    every = commands.of(scene, *CANCELLING)
    near = every.places(earliest - _NEAR_NS, latest + _NEAR_NS)
    key = "sent", job.job, near, uid, account
    if key not in scene.memo:
        ran = (every.rows[n] for places in near for n in places)
        mine = [e for e in ran if _names_job(e.argv, job, job.owner) and _same_rights(e, uid, account)]
        scene.memo[key] = senders.sent(mine)
    found: Sent = scene.memo[key]
    return found


def _account(scene: Scene, job: Job, uid: int | None, at_ns: int | None, named: str | None) -> str | None:
    """Whose request it is: by the register, else as the record names it, else as the job's own record names that number, else the number."""
    known = scene.directory.account_of(None, uid, at_ns) or named
    if known is not None or uid is None:
        return known
    return job.owner if job.owner is not None and job.owner_uid == uid else f"uid {uid}"


def _same_rights(event: Row, uid: int | None, account: str | None) -> bool:
    if uid is not None and not pd.isna(event.uid):
        return int(event.uid) == uid
    return bool(event.effective == account)


def _kind_of_signal(act: Act, argv: object) -> None:
    words = list(argv) if isinstance(argv, list) else []
    if any(w.startswith(("-s", "--signal")) for w in words[1:]):
        act.act = "signal"


def _unrecorded(scene: Scene, job: Job, used: set[str]) -> Iterable[Act]:
    """A cancelling command that names the job and ran in its time, of which the scheduler's records are missing."""
    first, last = job.window()
    for e in commands.of(scene, *CANCELLING).begun(first, last):
        if e.event_id in used or not _names_job(e.argv, job, job.owner):
            continue
        act = unrecorded.cancelled(scene, job, e)
        _kind_of_signal(act, e.argv)
        yield act


def changes(scene: Scene) -> Iterable[Act]:
    """Commands that hold, requeue or change a job, each with the controller's line of the change where one is."""
    asked = list(_scontrol(scene))
    yield from (act for act, _ in asked)
    by_job: dict[str | None, list[tuple[Act, Row]]] = {}
    for act, command in asked:
        by_job.setdefault(act.job, []).append((act, command))
    for e in rows_of(of_verbs(scene.evidence, "job_update")):
        named = e.account if isinstance(e.account, str) else None
        if e.job not in scene.jobs or (pd.isna(e.uid) and named is None):
            continue
        uid = None if pd.isna(e.uid) else int(e.uid)
        account = _account(scene, scene.jobs[e.job], uid, moment(e)[0], named)
        near = [] if pd.isna(e.earliest_ns) else [
            act for act, command in by_job.get(e.job, ())
            if act.act != "requeue" and abs(int(command.earliest_ns) - int(e.earliest_ns)) <= _NEAR_NS
            and _same_rights(command, uid, account)
        ]  # fmt: skip
        if len(near) == 1:
            unrecorded.told(near[0], e)
            if e.outcome == "failure":
                near[0].rule = _REFUSED
            continue
        rule = _REFUSED if e.outcome == "failure" else "update_request"
        act = Act("modify_job", e.job, rule, [e.event_id], *moment(e))
        act.account = act.effective = account
        act.job, act.link, act.why_link = e.job, "observed", "scheduler_names_job"
        act.missing.append("one_command_for_request" if near else "command_of_request")
        yield act


def entries(scene: Scene) -> Iterable[Act]:
    """Programs that somebody asked to run inside a job, such as `kubectl exec`: what they did there is not told."""
    for e in rows_of(of_verbs(scene.evidence, "job_enter")):
        if e.job not in scene.jobs or e.outcome == "failure" or not isinstance(e.account, str):
            continue
        act = Act("enter_job", e.job, "enter_request", [e.event_id], *moment(e))
        act.account, act.effective = e.account, e.effective if isinstance(e.effective, str) else e.account
        act.address = e.address if isinstance(e.address, str) else None
        act.job, act.link, act.why_link = e.job, "observed", "scheduler_names_job"
        act.missing.append("command_of_request")
        yield act


def _scontrol(scene: Scene) -> Iterable[tuple[Act, Row]]:
    """The commands that hold, requeue or change a job, as acts beside their events."""
    order = {job.job: n for n, job in enumerate(scene.jobs.values())}
    for e in commands.of(scene, "scontrol").rows:
        words = list(e.argv or ())[1:]
        kind = next((_SCONTROL[w] for w in words if w in _SCONTROL), None)
        text = " ".join(words).lower().split()
        meant = {*words, *(w.removeprefix("jobid=") for w in text if w.startswith("jobid="))}
        for job in sorted(meant & order.keys(), key=lambda job: order[job]) if kind else ():
            act = scene.act(str(kind), job, "scontrol_command", e)
            act.job, act.link, act.why_link = job, "derived", "command_names_job"
            yield act if rights.over(scene.jobs[job], e, scene) else unrecorded.undone(act), e


def signals(scene: Scene) -> Iterable[Act]:
    """Signals to a process of a job: one act per sending process and job.

    A process of the scheduler itself signals jobs as its work; it is no act of anybody. Nor is a signal that does nothing
    to a process by itself, such as 0, which only asks whether it is there.
    """
    sent = of_verbs(scene.evidence, "signal", but=lambda e: e["outcome"] != "failure")
    found: dict[tuple[object, ...], Act] = {}
    for e in rows_of(sent):
        if pd.isna(e.earliest_ns) or pd.isna(e.target_pid) or commands.program(e.exe).startswith("slurm"):
            continue
        job = scene.job_of(e.host, e.target_pid, int(e.earliest_ns))
        if job is None or e.signal in _IDLE or not _still_of(scene, job, e):
            continue
        key = (e.host, e.session, e.pid, job.job)
        if key in found:
            found[key].events.append(e.event_id)
            found[key].latest_ns = int(e.latest_ns)
            continue
        act = scene.act("signal", job.job, "signal_to_job_process", e)
        act.job, act.link, act.why_link = job.job, job.own_link, "pid_of_job_process"
        act.events += _own_command(scene, e)
        act.events += _exit_records(scene, job, e)
        found[key] = act
    yield from found.values()


def _still_of(scene: Scene, job: Job, event: Row) -> bool:
    """Whether the process that got a signal was still the job's: its number can have been given again in the job's time."""
    runs = order.of(scene.evidence).until(scene.runs_of(event.host, event.target_pid), event)
    last = next(rows_of(runs.iloc[-1:]), None)
    if last is not None and isinstance(last.session, str):
        return False
    if pd.isna(event.target_uid) or job.owner_uid is None:
        return True
    # Where the job's own process took other rights, its last program was run with these.
    known = {job.owner_uid} if last is None or pd.isna(last.uid) else {job.owner_uid, int(last.uid)}
    return int(event.target_uid) in known


def _own_command(scene: Scene, event: Row) -> list[str]:
    """The execution of the program that sent a signal."""
    mine = order.of(scene.evidence).until(scene.runs_of(event.host, event.pid), event)
    return list(mine["event_id"])[-1:]


def _exit_records(scene: Scene, job: Job, event: Row) -> list[str]:
    """What the scheduler and the node say of the end that followed: the same job, killed by the same signal."""
    told = scene.told_of(job.job)
    told = picked(told, told["verb"].isin({"task_exit", "end"}))
    told = picked(told, told["signal"].notna() & (told["signal"] == event.signal))
    after = told["latest_ns"] >= event.earliest_ns
    soon = told["earliest_ns"] <= event.latest_ns + _NEAR_NS
    return list(picked(told, after & soon)["event_id"])
