"""Acts on the scheduler itself: a node drained, a queue closed, a reservation made, a limit or a right changed.

Who asked is known where the scheduler wrote down an account or uid that it authenticated: in the line itself, or in the line of
the request's receipt before it. Without that, a command of those seconds that names the thing gives a session, and nothing else does.
Most such changes are upkeep. They bear on a job only by what the change was made to: its node, or its owner.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

import pandas as pd

from forensics.analysis import commands, memory, nodes, senders
from forensics.analysis.acts import Act, Scene, moment
from forensics.analysis.by_verb import of_verbs
from forensics.analysis.evidence import Row, flagged, picked, rows_of
from forensics.analysis.jobs import Job
from forensics.analysis.scheduler_acts import SLURM
from forensics.core import kubejobs
from forensics.core.messageevents import SYSTEM_LOGS

KIND = "edit_scheduler"
EDITORS = ("scontrol", "sacctmgr", "pbsnodes", "qmgr", "badmin", "kubectl", "oc")
"""Programs that ask a scheduler to change itself."""
REFUSED = "edit_request_refused"
_NEAR_NS = 5_000_000_000
_SAME_REQUEST_NS = 1_000_000_000
_NODE = re.compile(r"^update_node: node (\S+) ")
_DONE = re.compile(
    r" complete for \S+ usec=|^sched: (?:Created|Updated) reservation=|^_slurm_rpc_\w+ reservation=|: completed usec="
)
_THINGS = (
    ("node", re.compile(r"^(?:update_node: node |_slurm_rpc_update_node complete for |HOST_CTRL [0-9]+ )(\S+)")),
    ("node", re.compile(r"^[a-z]+ nodes/([^ /]+) ")),
    ("queue", re.compile(r"^(?:_slurm_rpc_(?:update|delete)_partition complete for |QUEUE_CTRL [0-9]+ )(\S+)")),
    ("reservation", re.compile(r"^(?:sched: (?:Created|Updated) |_slurm_rpc_\w+ )reservation=([^\s:]+)")),
    ("reservation", re.compile(r"^_slurm_rpc_delete_reservation complete for (\S+)")),
    ("user", re.compile(r"^(?:Modify|Add|Delete|Remove) (?:Users|Associations) .*?\b(?:name|user)='([^']+)'")),
    ("user", re.compile(r"^(?:Add|Delete|Remove) Users (\S+)")),
    ("limit", re.compile(r"^(?:Modify|Add|Delete|Remove) ((?:QOS|Accounts|Clusters|Associations) \S+)")),
)  # fmt: skip
_NODES = re.compile(r" nodes=([^\s=]+) ")
_KEYS = {
    "nodename": "node", "partitionname": "queue", "partition": "queue", "reservationname": "reservation", "reservation": "reservation",
}  # fmt: skip
_ASKING = {
    "scontrol": re.compile(
        r"^(?:update|create|delete|reconfig(?:ure)?|setdebug\w*|shutdown|takeover|reboot\w*|power)$"
    ),
    "sacctmgr": re.compile(r"^(?:add|create|modify|delete|remove)$"),
    "pbsnodes": re.compile(r"^-[oOcCr]$"),
    "qmgr": re.compile(r"^(?:set|s|create|c|delete|d|unset|u|import)$"),
    "badmin": re.compile(r"^(?:hclose|hopen|qclose|qopen|qinact|qact|reconfig|mbdrestart)$"),
    "kubectl": re.compile(r"^(?:cordon|uncordon|drain|taint)$"),
    "oc": re.compile(r"^(?:cordon|uncordon|drain|taint)$"),
}
"""By program, the words that ask for a change of the scheduler."""


@dataclass(slots=True)
class _Request:
    """What one request left in a scheduler's log: its receipt, where that is written, and what was done."""

    rows: list[Row]
    things: dict[tuple[str, str], None] = field(default_factory=dict)
    done: bool = False

    def takes(self, e: Row, thing: tuple[str, str] | None) -> bool:
        """Whether a line without a name can belong to it: just behind, and about the same kind of thing."""
        last = self.rows[-1]
        if self.done or pd.isna(e.earliest_ns) or pd.isna(last.earliest_ns):
            return False
        near = 0 <= int(e.earliest_ns) - int(last.earliest_ns) <= _SAME_REQUEST_NS
        alike = not self.things or thing is None or thing[0] in {kind for kind, _ in self.things}
        return near and alike and e.sha256 == last.sha256

    def add(self, e: Row, thing: tuple[str, str] | None) -> None:
        """Take a line."""
        self.rows.append(e)
        if thing is not None:
            self.things[thing] = None
        self.done = _DONE.search(str(e.text or "")) is not None


def edits(scene: Scene, jobs: Iterable[Job]) -> Iterable[Act]:
    """One act for each request, and one for each command of which the scheduler's record is missing; then those on the jobs asked about."""
    used: set[str] = set()
    acts = [_asked(scene, request, used) for request in _requests(scene)]
    acts += list(_unrecorded(scene, used))
    yield from acts
    for job in jobs:
        for act in acts:
            yield from _on(scene, act, job)


def _requests(scene: Scene) -> list[_Request]:
    """The lines of each request; those of a controller that names nobody beside what it did are put behind the receipt."""
    told = of_verbs(
        scene.evidence, "scheduler_edit", "fault",
        but=lambda e: (e["verb"] == "scheduler_edit") | e["format"].isin(SLURM),
    )  # fmt: skip
    if not len(told):
        return []
    # The controller's line on a node's new state is told as a fault, and is written for requests alone.
    set_so = [
        verb != "fault" or (isinstance(text, str) and _NODE.match(text) is not None)
        for verb, text in zip(told["verb"], told["text"], strict=True)
    ]
    told = _once(flagged(told, set_so))
    found: list[_Request] = []
    for e in rows_of(told.sort_values(["sha256", "start", "event_id"])):
        if isinstance(e.account, str) and kubejobs.SYSTEM.fullmatch(e.account):
            continue
        thing = _thing(str(e.text or ""))
        named = isinstance(e.account, str) or not pd.isna(e.uid)
        if e.format in SLURM and not named and found and found[-1].takes(e, thing):
            found[-1].add(e, thing)
            continue
        request = _Request([])
        request.rows.append(e)
        if thing is not None:
            request.things[thing] = None
        request.done = e.format not in SLURM or (not named and _DONE.search(str(e.text or "")) is not None)
        found.append(request)
    return found


def _once(told: pd.DataFrame) -> pd.DataFrame:
    """Changes without those that a host's log tells in the words of the controller's own log, in the same seconds."""
    own = picked(told, told["format"] == "slurmctld")
    known: dict[str, list[int]] = {}
    for text, at in zip(own["text"], own["earliest_ns"], strict=True):
        if not pd.isna(at):
            known.setdefault(str(text), []).append(int(at))
    again = [
        form in SYSTEM_LOGS
        and not pd.isna(at)
        and any(abs(one - int(at)) <= _NEAR_NS for one in known.get(str(text), ()))
        for form, text, at in zip(told["format"], told["text"], told["earliest_ns"], strict=True)
    ]
    return flagged(told, [not repeated for repeated in again])


def _thing(text: str) -> tuple[str, str] | None:
    """What a record says was changed: its kind and its name."""
    for kind, pattern in _THINGS:
        found = pattern.match(text)
        if found is not None:
            return kind, found[1]
    return None


def _asked(scene: Scene, request: _Request, used: set[str]) -> Act:
    """The act of one request."""
    first = request.rows[0]
    uid = next((int(e.uid) for e in request.rows if not pd.isna(e.uid)), None)
    named = next((e.account for e in request.rows if isinstance(e.account, str)), None)
    earliest, latest = moment(first)
    account = (
        named if uid is None else scene.directory.account_of(None, uid, earliest) or named or f"uid {uid}"
    )
    refused = any(e.outcome == "failure" for e in request.rows)
    things = sorted(f"{kind} {name}" for kind, name in request.things)
    said = ", ".join(things) or str(first.text or "")[:200]
    rule = REFUSED if refused else "edit_record" if account is None else "edit_request"
    act = Act(KIND, said, rule, [str(e.event_id) for e in request.rows], earliest, latest)
    act.account = act.effective = account
    act.address = next((e.address for e in request.rows if isinstance(e.address, str)), None)
    ran = (
        []
        if earliest is None or latest is None
        else commands.of(scene, *EDITORS).near(earliest - _NEAR_NS, latest + _NEAR_NS)
    )
    mine = [e for e in ran if _asks(e) and _names(e, request) and _same_rights(e, uid, named)]
    used.update(str(e.event_id) for e in mine)
    if len({(e.host, e.session, e.pid) for e in mine}) == 1:
        by = scene.act(KIND, said, rule, mine[0])
        act.session, act.host, act.origin, act.pid = by.session, by.host, by.origin, by.pid
        act.account, act.effective = by.account or account, account or by.effective
        act.events += [str(e.event_id) for e in mine]
        if account is None:
            act.missing.append("who_asked")
    else:
        act.missing += [
            "one_command_for_request" if mine else "command_of_request",
            *(["who_asked"] if account is None else []),
        ]
        senders.cite(act, senders.sent(mine), earliest)
    return act


def _same_rights(e: Row, uid: int | None, account: str | None) -> bool:
    if uid is not None and not pd.isna(e.uid):
        return int(e.uid) == uid
    return account is None or account in {e.effective, e.account}


def _words(e: "Row | _Command") -> list[str]:
    """The words of a command, those that qmgr is given as one text among them."""
    return [w for part in (e.argv or ())[1:] for w in str(part).split()]


def _asks(e: "Row | _Command") -> bool:
    """Whether a command asks for a change of the scheduler, and not of a job."""
    words = _words(e)
    asking = _ASKING.get(commands.program(e.exe))
    if asking is None or not any(asking.match(w) for w in words):
        return False
    changed = {w.partition("=")[0].lower() for w in words if "=" in w}
    return not (commands.program(e.exe) == "scontrol" and "update" in words and not changed & _KEYS.keys())


def _names(e: Row, request: _Request) -> bool:
    """Whether a command can have meant what a request changed; where that is not told, any command can."""
    said = " ".join(_words(e))
    return not request.things or any(name in said or _shared(said, name) for _, name in request.things)


def _shared(said: str, name: str) -> bool:
    """Whether a list of nodes in a command and one in a record have a node in common."""
    own = set(nodes.expanded(name))
    return any(own & set(nodes.expanded(w.rpartition("=")[2])) for w in said.split())


def _unrecorded(scene: Scene, used: set[str]) -> Iterable[Act]:
    """Commands that asked for a change of which no scheduler's record is there."""
    for e in commands.of(scene, *EDITORS).rows:
        if str(e.event_id) in used or not _asks(e):
            continue
        act = scene.act(KIND, _commanded(e), "edit_command", e)
        act.missing.append("scheduler_record_of_request")
        yield act


def _commanded(e: "Row | _Command") -> str:
    """What a command asked to change: kinds and names, or its words where it names none."""
    words = _words(e)
    pairs = [w.partition("=") for w in words if "=" in w]
    things = [f"{_KEYS[k.lower()]} {v}" for k, _, v in pairs if k.lower() in _KEYS]
    if commands.program(e.exe) in {"kubectl", "oc", "pbsnodes"}:
        at = next(n for n, w in enumerate(words) if _ASKING[commands.program(e.exe)].match(w))
        things = [
            f"node {w.removeprefix('node/')}"
            for w in words[at + 1 :]
            if not w.startswith("-") and w not in {"node", "nodes"}
        ][:1]
    return ", ".join(things) or " ".join(words)[:200]


class _Command(NamedTuple):
    """A command line: its program and its words."""

    exe: str | None
    argv: list[str]


def reach(exe: str | None, argv: list[str] | None, text: str | None) -> tuple[set[str], set[str]]:
    """The nodes and the accounts that a record or a command can have changed, in doubt more than it did: `_on` bears on none but their jobs.

    Args:
        exe: the program of a command; None for a scheduler's record.
        argv: its words.
        text: what was written of it.
    """
    written = str(text or "")
    said = [written[:200]]
    if argv:
        command = _Command(exe, argv)
        said += [_commanded(command)] if _asks(command) else []
    thing = _thing(written)
    said += [" ".join(thing)] if thing else []
    named = [part.partition(" ") for each in said for part in each.split(", ")]
    held = {n for kind, _, name in named if kind == "node" for n in nodes.expanded(name)}
    held |= {n for found in _NODES.findall(written) for n in nodes.expanded(found)}
    return held, {name for kind, _, name in named if kind == "user"}


def _on(scene: Scene, act: Act, job: Job) -> Iterable[Act]:
    """The act, said of a job that it bears on: whose node it changed while the job ran, or whose owner's limits before it ended."""
    if act.earliest_ns is None or act.latest_ns is None:
        return
    first, last = job.window()
    named = [part.partition(" ") for part in act.object.split(", ")]
    text = " ".join(str(t or "") for t in scene.values(act.events, "text"))
    held = {n for kind, _, name in named if kind == "node" for n in nodes.expanded(name)}
    held |= {
        n
        for found in _NODES.findall(text)
        if any(kind == "reservation" for kind, *_ in named)
        for n in nodes.expanded(found)
    }
    inside = job.start_ns is not None and act.latest_ns >= first and act.earliest_ns <= last
    if inside and held & memory.hosts(job):
        killed = _killed(scene, act, job, held)
        yield act.linked(
            job.job,
            "observed" if killed else "derived",
            "ended_with_node" if killed else "node_of_job",
            killed,
        )
    since = job.submit_ns if job.submit_ns is not None else first
    if (
        any(kind == "user" and name == job.owner for kind, _, name in named)
        and since <= act.latest_ns
        and act.earliest_ns <= last
    ):
        yield act.linked(job.job, "derived", "limits_of_owner", [])


def _killed(scene: Scene, act: Act, job: Job, held: set[str]) -> list[str]:
    """What the controller says of the job's end on the node, just after it was taken down."""
    told = scene.told_of(job.job)
    told = picked(told, (told["verb"] == "fault") & told["host"].isin(held) & told["format"].isin(SLURM))
    down = any(
        re.search(r"state set to DOWN|state set to FAIL", str(t or ""))
        for t in scene.values(act.events, "text")
    )
    near = picked(
        told,
        (told["earliest_ns"] >= (act.earliest_ns or 0))
        & (told["earliest_ns"] <= (act.latest_ns or 0) + _NEAR_NS),
    )
    return list(near["event_id"]) if down else []
