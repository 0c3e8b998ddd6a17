"""What ran by itself: who left it to run, by which rule, or why that cannot be told.

Cron, at, timers and units run what somebody left behind, long after whoever it was had gone. The run shows an
account at the most. So an act of such a run leads to the acts that can have left it: all of them, where the records
do not tell one from another. What is derived here names its rule, and each rule says what it takes and where it errs.
"""

import posixpath
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import pandas as pd
import pyarrow as pa

from forensics.analysis import containers, decisions, foreign_code, order, reached
from forensics.analysis.acts import BY_ITSELF, Act, Scene
from forensics.analysis.deferral_rules import DECISION, OF_OTHERS, RULES, WRITER
from forensics.analysis.evidence import Row, rows_of, where
from forensics.analysis.lineage import Lineage
from forensics.analysis.planted import TRANSIENT
from forensics.analysis.sessions import Session
from forensics.core.schema import Column, Table
from forensics.core.tables import STRINGS

DEFERRAL = Table(
    "deferral",
    "one act that ran without its author, and the acts that can have left it to run: derived",
    (
        Column("act_id", pa.string(), "the act that ran"),
        Column(
            "kind",
            pa.string(),
            "cron, at, timer (of systemd), container (of a daemon), or login where it outlived one",
        ),
        Column("rule", pa.string(), "rule, from the closed list `deferral_rules.RULES`"),
        Column("basis", pa.string(), "derived"),
        Column("planted_by", STRINGS, "acts that can have left it to run; all but one of them did not"),
        Column(
            "sessions", STRINGS, "sessions of these acts, or in which it can have been typed or asked for"
        ),
        Column("inputs", STRINGS, "events that the rule takes, beside those of the acts"),
        Column("missing", pa.string(), "why it cannot be told who left it", None, "it can be told"),
    ),
)

KEEPERS = reached.MULTIPLEXERS | {"nohup", "setsid", "systemd-run", "daemonize"}
_AT_FILE = re.compile(
    r"/var/spool/(?:cron/)?at(?:jobs|spool)?/(?:spool/)?[=A-Za-z](?P<name>[0-9a-f]{5}(?P<minute>[0-9a-f]{8}))"
)
_USER_UNIT = re.compile(
    r"(?:/(?:[^/]+/)*(?P<user>[^/]+))/\.(?:config|local/share)/systemd/user/.+|/etc/systemd/user/.+"
)
_SYSTEM_UNIT = re.compile(r"/(?:etc|run|usr/lib|lib|usr/local/lib)/systemd/system/.+")
_SYSTEM_CRON = re.compile(r"/etc/(?:crontab|cron\.d/.+)")
_PERIODIC = re.compile(r"/etc/(?:anacrontab|cron\.(?:hourly|daily|weekly|monthly)/.+)")
_EXEC = re.compile(r"\[Service\] ExecStart(?:Pre|Post)?=[-@:+!|]*(?P<command>.*)", re.DOTALL)
_HANDLED = frozenset({"delete", "create", "read", "open", "link", "rename"})
_EARLY_NS, _LATE_NS = 5_000_000_000, 120_000_000_000
"""By how much the clock that atd wakes by, and its other work, can move a run from its minute."""
_MINUTE_NS = 60_000_000_000


@dataclass(frozen=True, slots=True)
class Deferral:
    """One row of the table."""

    act: Act
    rule: str
    planted: tuple[Act, ...] = ()
    sessions: tuple[str, ...] = ()
    inputs: tuple[str, ...] = ()
    missing: str | None = None
    by_lines: frozenset[int] = frozenset()
    """The `id` of each of `planted` to which lines alone lead that the account's owner can have written."""

    @property
    def kind(self) -> str:
        """How it came to run."""
        return "container" if self.rule == containers.RULE else self.act.origin


def settle(
    scene: Scene, acts: Iterable[Act], planted: Sequence[Act], changes: foreign_code.Changes | None = None
) -> list[Deferral]:
    """Give every act that ran by itself its `planters`, and every act that others can have typed, or written, its `typed_from`.

    Args:
        scene: events, people and sessions.
        acts: all acts, those of `planted` among them; changed in place.
        planted: what was left to run.
        changes: by path, the versions of files with their acts.

    Returns:
        A row for each such act, in the order of the acts.
    """
    made = Lineage(scene.events)
    clients = reached.clients(scene)
    every = list(acts)
    # Where a clock was set, no time of a history says in which session a line was typed.
    set_hosts = frozenset(act.host for act in every if act.act == "change_clock")
    code = foreign_code.Code(scene, changes or {}, planted, set_hosts)
    found = []
    for act in every:
        row = _ran_by_itself(scene, act, planted, made)
        if row is None:
            row = _typed(scene, act, clients) or _of_others(act, code, made) or _outlived(act, made)
        elif row.planted and (ran := code.of(act, made)) is not None:
            # What was left to run can do what yet another wrote.
            _lack(act, ran)
            both = {id(p): p for p in (*row.planted, *ran.planted)}
            lines = ran.by_lines - set(map(id, row.planted))
            row = _row(act, row.rule, both.values(), (*row.inputs, *ran.inputs), lines)
        if row is not None:
            act.planters = list(row.planted)
            found.append(row)
        if act.origin == "login" and not OF_OTHERS.intersection(act.missing):
            _lack_files(act, *code.unseen(act, made))
    return found


def _ran_by_itself(scene: Scene, act: Act, planted: Sequence[Act], made: Lineage) -> Deferral | None:
    if act.origin == "unknown":
        return _contained(scene, act, made) or _service(scene, act, planted, made)
    if act.origin not in BY_ITSELF:
        return None
    before = [p for p in planted if p is not act and _before(scene, p, act)]
    rule = {"cron": _by_cron, "at": _by_at, "timer": _by_manager}[act.origin]
    return rule(scene, act, before, made)


def _contained(scene: Scene, act: Act, made: Lineage) -> Deferral | None:
    """A process of a container: who can have asked the daemon for it. No login is on it, and nobody is named."""
    asked = containers.asked(scene, act, made)
    if asked is None:
        return None
    act.missing.append("session_of_container")
    names = tuple(s.session_id for s in asked.sessions)
    unknown = None if names else RULES[containers.RULE].unknown
    return Deferral(act, containers.RULE, (), names, asked.inputs, unknown)


def _row(
    act: Act,
    rule: str,
    planted: Iterable[Act],
    inputs: Iterable[str] = (),
    by_lines: frozenset[int] = frozenset(),
) -> Deferral:
    left = tuple(planted)
    sessions = tuple(dict.fromkeys(p.session.session_id for p in left if p.session is not None))
    unknown = None if left else RULES[rule].unknown
    return Deferral(act, rule, left, sessions, tuple(inputs), unknown, by_lines)


def _before(scene: Scene, plant: Act, act: Act) -> bool:
    """Whether something can have been left before an act, on its host."""
    here = plant.host is None or act.host is None or plant.host == act.host
    known = order.of(scene.evidence)
    left, ran = known.made(plant), known.made(act)
    return here and (left is None or ran is None or known.before(left, ran))


def _by_cron(scene: Scene, act: Act, before: list[Act], made: Lineage) -> Deferral:  # noqa: ARG001 - as its kin
    def runs(p: Act) -> bool:
        if "/cron" in p.object and posixpath.basename(p.object) == act.account:
            return True
        periodic = act.account == "root" and _PERIODIC.fullmatch(p.object) is not None
        return periodic or _SYSTEM_CRON.fullmatch(p.object) is not None

    return _row(act, "cron_entry_of_account", filter(runs, before))


def _by_at(scene: Scene, act: Act, before: list[Act], made: Lineage) -> Deferral:  # noqa: ARG001 - as its kin
    session = act.session
    own = [p for p in before if _at_name(p.object) or p.rule == "command_at"]
    own = [p for p in own if (p.effective or p.account) == act.account]
    if session is None:
        return _row(act, "at_job_of_account", own)
    taken = _taken(scene, session.host, session.pid, session.start_ns)
    if taken:
        # A command whose file is not on record may have made any file.
        left = [p for p in own if _at_name(p.object) in {*taken, None}]
        return _row(act, "at_file_taken_by_run", left, taken.values())
    start = session.start_ns
    due = [p for p in own if _due_ns(p.object) is not None and start is not None]
    then = [p for p in due if -_EARLY_NS <= int(start or 0) - int(_due_ns(p.object) or 0) <= _LATE_NS]
    if then:
        return _row(act, "at_file_due_then", [p for p in own if p in then or _due_ns(p.object) is None])
    later = [p for p in due if int(_due_ns(p.object) or 0) > int(start or 0) + _EARLY_NS]
    return _row(act, "at_job_of_account", [p for p in own if p not in later])


def _at_name(path: str) -> str | None:
    """Number and minute of a job of at, by the name of its file; its first letter is the queue, or that it runs."""
    found = _AT_FILE.fullmatch(path)
    return found["name"] if found else None


def _due_ns(path: str) -> int | None:
    found = _AT_FILE.fullmatch(path)
    return int(found["minute"], 16) * _MINUTE_NS if found else None


def _taken(scene: Scene, host: str | None, pid: int | None, at_ns: int | None) -> dict[str, str]:
    """The jobs of at whose files a run's first process handled, and the event that says so."""
    if pid is None or at_ns is None:
        return {}
    if "at_files" not in scene.memo:
        events = scene.events
        touched = events[(events["object_kind"] == "path") & events["trail"] & events["pid"].notna()]
        touched = touched[touched["verb"].isin(_HANDLED) & touched["earliest_ns"].notna()]
        held: dict[tuple[str | None, int], list[Row]] = {}
        for e in rows_of(where(touched, "object", lambda path: _at_name(str(path)) is not None)):
            held.setdefault((e.host, int(e.pid)), []).append(e)
        scene.memo["at_files"] = held
    found: dict[str, str] = {}
    for e in scene.memo["at_files"].get((host, pid), ()):
        if abs(int(e.earliest_ns) - at_ns) <= _MINUTE_NS:
            found.setdefault(str(_at_name(str(e.object))), str(e.event_id))
    return found


def _by_manager(scene: Scene, act: Act, before: list[Act], made: Lineage) -> Deferral:  # noqa: ARG001 - as its kin
    above, _ = made.above(act)
    words = [list(e.argv) for e in above if isinstance(e.argv, list)]

    def runs(p: Act) -> bool:
        if p.rule.startswith("command_"):
            return _is_user_command(p) and (p.effective or p.account) == act.account and _same_words(p, words)
        found = _USER_UNIT.fullmatch(p.object)
        return found is not None and found["user"] in {act.account, None}

    return _row(act, "unit_of_account", filter(runs, before), [str(e.event_id) for e in above])


def _is_user_command(plant: Act) -> bool:
    return plant.object.startswith(TRANSIENT)


def _same_words(plant: Act, words: list[list[str]]) -> bool:
    """Whether a transient unit can be what ran: its words are among those of the processes, or none of these is known."""
    asked = plant.object.removeprefix(TRANSIENT).split()
    return not words or plant.rule != "command_systemd-run" or any(_same_command(asked, w) for w in words)


def _same_command(asked: list[str], ran: list[str]) -> bool:
    """Whether words ask for a command: the manager finds the program's path itself."""
    ran = " ".join(ran)[:300].split()
    return bool(asked and ran) and [posixpath.basename(asked[0]), *asked[1:]] == [
        posixpath.basename(ran[0]),
        *ran[1:],
    ]


def _service(scene: Scene, act: Act, planted: Sequence[Act], made: Lineage) -> Deferral | None:
    """A process of no login and no job whose parent is the first one: by the words of units and of `systemd-run`."""
    if act.session is not None:
        return None
    above, parent = made.above(act)
    if not above or parent != 1:
        return None
    words = [list(e.argv) for e in above if isinstance(e.argv, list)]
    units = _units(scene, act.host, words)
    left = [
        p for p in planted
        if p is not act and _before(scene, p, act) and (
            (p.rule == "command_systemd-run" and words and _same_words(p, words))
            or (_SYSTEM_UNIT.fullmatch(p.object) and _unit_of(p.object) in units)
        )
    ]  # fmt: skip
    if not left and not units:
        return None
    act.origin = "timer"
    # No login is on it, so that whoever asked for the unit is no more than a candidate.
    act.missing.append("session")
    inputs = [*(str(e.event_id) for e in above), *(e for events in units.values() for e in events)]
    return _row(act, "unit_names_command", left, inputs)


def _units(scene: Scene, host: str | None, words: list[list[str]]) -> dict[str, list[str]]:
    """Units, by their name without its ending, whose command is one that ran; with the lines that say so."""
    if "units" not in scene.memo:
        events, on = scene.events, dict[str | None, list[Row]]()
        told = events[(events["verb"] == "enrol_task") & (events["format"] == "systemd_unit")]
        for e in rows_of(told[told["text"].notna()]):
            on.setdefault(e.host, []).append(e)
        scene.memo["units"] = on
    found: dict[str, list[str]] = {}
    for e in scene.memo["units"].get(host, ()):
        match = _EXEC.fullmatch(str(e.text))
        if match is not None and any(_same_command(match["command"].split(), w) for w in words):
            found.setdefault(_unit_of(str(e.object)), []).append(str(e.event_id))
    return found


def _unit_of(path: str) -> str:
    """The unit that a file is of, without its ending: a timer is named as the service that it starts."""
    parts = path.split("/")
    name = parts[-2].removesuffix(".d") if len(parts) > 1 and parts[-2].endswith(".d") else parts[-1]
    return name.rpartition(".")[0] or name


def _typed(scene: Scene, act: Act, clients: pd.DataFrame) -> Deferral | None:
    """An act in a login's session that others can have typed, or made its programs do."""
    session = act.session
    if session is None or act.origin != "login" or act.earliest_ns is None or act.latest_ns is None:
        return None
    rule, others = "typed_through_multiplexer", list[tuple[Session, str]]()
    if session.kept_by & reached.MULTIPLEXERS:
        others = reached.typists(scene, act, clients)
    if not others:
        rule, others = "reached_by_tracer", reached.tracers(scene, act)
    if not others:
        return None
    act.typed_from = [s for s, _ in others]
    names = tuple(dict.fromkeys(s.session_id for s in act.typed_from))
    return Deferral(act, rule, (), names, tuple(e for _, e in others))


def _of_others(act: Act, code: foreign_code.Code, made: Lineage) -> Deferral | None:
    """An act that a program did which ran in a login's session, and which another had written, in itself or in what it took in."""
    ran = code.of(act, made) if act.origin == "login" else None
    if ran is None:
        return None
    _lack(act, ran)
    wrote = {p.session.session_id: p.session for p in ran.planted if p.session is not None}
    own = act.session.session_id if act.session is not None else None
    act.typed_from = [session for name, session in sorted(wrote.items()) if name != own]
    return _row(act, foreign_code.RULE, ran.planted, ran.inputs, ran.by_lines)


def _lack(act: Act, ran: decisions.Foreign) -> None:
    """Say of an act what is missing where others decided what ran, or can have."""
    act.missing += [DECISION] if ran.planted and act.origin == "login" else []
    act.missing += [WRITER] if ran.unknown else []
    act.program_owners |= ran.owners


def _lack_files(act: Act, lacking: Sequence[str], changed: Iterable[Act]) -> None:
    """Say of an act what was not collected that would tell whether others decided what ran."""
    act.missing += lacking
    act.program_owners |= {p.account for p in changed if p.account is not None}
    act.can_hold = [event for p in changed for event in p.events[:1]]


def _outlived(act: Act, made: Lineage) -> Deferral | None:
    """An act in a login's session after the login's end."""
    session = act.session
    if session is None or act.origin != "login" or act.earliest_ns is None or act.latest_ns is None:
        return None
    if session.covers(act.earliest_ns, act.latest_ns):
        return None
    kept = [e for e in made.above(act)[0] if posixpath.basename(str(e.exe)) in KEEPERS]
    return Deferral(act, "outlived_login", (), (session.session_id,), tuple(str(e.event_id) for e in kept))


def table(found: Iterable[Deferral]) -> pa.Table:
    """The rows as the declared table."""
    rows = list(found)
    return DEFERRAL.build({
        "act_id": [r.act.act_id for r in rows],
        "kind": [r.kind for r in rows],
        "rule": [r.rule for r in rows],
        "basis": ["derived" for _ in rows],
        "planted_by": [[p.act_id for p in r.planted] for r in rows],
        "sessions": [list(r.sessions) for r in rows],
        "inputs": [list(r.inputs) for r in rows],
        "missing": [r.missing for r in rows],
    })  # fmt: skip
