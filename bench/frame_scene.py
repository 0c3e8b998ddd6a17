"""One simulated incident as its own actor sees it, and what changes of its evidence are made of."""

import re
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from forensics.simulation.incident import Incident  # noqa: E402 - this checkout's, and no other

Files = dict[str, bytes]
SHARED = "mlteam"
PID = 3_000_017
"""A number that no simulated process has."""
ENTRY = re.compile(
    rb"type=LOGIN msg=audit\(([0-9.]+):[0-9]+\): pid=([0-9]+) uid=0 [^\n]*old-auid=4294967295 auid=([0-9]+) [^\n]* ses=([0-9]+) "
)
_SYSLOGS = ("auth.log", "secure")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_NEAR_S = 3.0


@dataclass(frozen=True, slots=True)
class Session:
    """A login session, as the trail tells of it."""

    at: float
    pid: int
    uid: int
    ses: int


@dataclass(slots=True)
class Scene:
    """One incident, who acted, and whom that one would have named."""

    evidence: Files
    uids: Mapping[str, int]
    addresses: Mapping[str, str]
    keys: Mapping[str, str]
    by: str
    other: str
    at: float
    job: str
    thing: str
    host: str = "login01"
    sessions: list[Session] = field(default_factory=list)
    commits: Mapping[str, str] = field(default_factory=dict)
    """By person, the last honest commit beside the first of all."""

    @property
    def trail(self) -> str:
        """The path of the host's audit trail."""
        return f"{self.host}/var/log/audit/audit.log"

    def of(self, account: str) -> list[Session]:
        """The sessions of an account that began before the act."""
        return [s for s in self.sessions if s.uid == self.uids.get(account) and s.at <= self.at]


Change = Callable[[Scene], Files | None]
"""What becomes of the evidence; None where there is nothing to change."""


def scene(made: Incident) -> Scene:
    """A simulated incident as its own actor sees it."""
    truth = made.truth
    cast = truth["cast"]
    by = truth["actor"]
    other = next(cast[role][0] for role in ("bystander", "ops", "insider") if cast[role][0] != by)
    harm = [d for d in truth["acts"] if d["what"] not in {"harmed_job", "unharmed_job", "own_failure"}]
    first = harm[0] if harm else {"at": truth["ended"], "thing": ""}
    keys = dict(
        re.findall(r'name = "(\w+)"\nrole.*?fingerprint = "(SHA256:[^"]+)"', made.roster.decode(), re.DOTALL)
    )
    found = Scene(
        made.evidence, {who: uid for who, uid, _ in cast.values()}, {who: where for who, _, where in cast.values()}, keys, by, other,
        first["at"], str(next(iter(truth["jobs"]), "")), str(first["thing"]),
    )  # fmt: skip
    honest = [d for d in truth["honest"] if d["what"] == "commit"]
    found.commits = {str(d["person"]): str(d["thing"]) for d in honest[1:]}
    for m in ENTRY.finditer(made.evidence.get(found.trail, b"")):
        found.sessions.append(Session(float(m[1]), int(m[2]), int(m[3]), int(m[4])))
    return found


Said = tuple[float, str, int | None, str]
"""A line of a host's log: when (s), in which program's name, under which number, and its words."""


def logged(stage: Scene, *said: Said) -> Files:
    """The evidence with more lines in the host's login log, each where its own time puts it."""
    found = dict(stage.evidence)
    for path in [p for p in found if p.startswith(f"{stage.host}/var/log/") and p.endswith(_SYSLOGS)]:
        lines = found[path].splitlines(keepends=True)
        iso = bool(lines) and lines[0][:1].isdigit()
        for at, program, pid, text in said:
            tag = program if pid is None else f"{program}[{pid}]"
            line = f"{_stamp(at, iso=iso)} {stage.host} {tag}: {text}\n".encode()
            later = (n for n, x in enumerate(lines) if (moment(x, stage.at) or 0.0) > at)
            lines.insert(next(later, len(lines)), line)
        found[path] = b"".join(lines)
    return found


def _stamp(at: float, *, iso: bool) -> str:
    when = datetime.fromtimestamp(at, UTC)
    if iso:
        return when.isoformat(timespec="microseconds")
    return f"{_MONTHS[when.month - 1]} {when.day:2d} {when:%H:%M:%S}"


_STAMP = re.compile(
    rb"^(?:\w{3} [ \d]\d [\d:]{8}|\d{4}-\d\d-\d\dT[\d:.]+[+-]\d\d:\d\d)|audit\(([0-9.]+):|^\[([0-9T:.-]+)\]"
)


def moment(line: bytes, near: float) -> float | None:
    """When a line of any of the logs is dated; None where it is not. Hosts are simulated in UTC."""
    m = _STAMP.search(line)
    if m is None:
        return None
    if m[1] is not None:
        return float(m[1])
    text = (m[2] or m[0]).decode()
    if text[0].isdigit():
        when = datetime.fromisoformat(text)
        return (when if when.tzinfo else when.replace(tzinfo=UTC)).timestamp()
    year = datetime.fromtimestamp(near, UTC).year
    return datetime.strptime(f"{year} {text}", "%Y %b %d %H:%M:%S").replace(tzinfo=UTC).timestamp()


def events_of(raw: bytes) -> Iterator[tuple[bytes, list[bytes]]]:
    """The lines of a trail by their event's number, in order."""
    found: dict[bytes, list[bytes]] = {}
    for line in raw.splitlines(keepends=True):
        m = re.search(rb"msg=audit\([0-9.]+:([0-9]+)\)", line)
        found.setdefault(m[1] if m else line, []).append(line)
    return iter(found.items())


def mine(stage: Scene, event: list[bytes]) -> bool:
    """Whether an event is a call of one's own, in a login session, at about the time of the act."""
    own = {str(s.ses).encode() for s in (*stage.of(stage.by), *stage.of(SHARED))}
    m = re.search(rb"type=SYSCALL msg=audit\(([0-9.]+):[^\n]* ses=([0-9]+) ", event[0])
    return m is not None and m[2] in own and abs(float(m[1]) - stage.at) <= _NEAR_S


def program_called(name: str) -> Change:
    """The act is done with a program of one's own that is called otherwise."""

    def line(raw: bytes, place: bytes) -> bytes:
        raw = re.sub(rb'exe="[^"]+"', b'exe="%s"' % place, raw)
        raw = re.sub(rb'comm="[^"]+"', b'comm="%s"' % name.encode(), raw)
        raw = re.sub(rb'a0="[^"]+"', b'a0="%s"' % name.encode(), raw) if b"type=EXECVE" in raw else raw
        return re.sub(rb'item=0 name="/usr/bin/[^"]+"', b'item=0 name="%s"' % place, raw)

    def change(stage: Scene) -> Files | None:
        place = f"/home/{stage.by}/bin/{name}".encode()
        told = [
            line(x, place) if mine(stage, event) else x
            for _, event in events_of(stage.evidence.get(stage.trail, b""))
            for x in event
        ]
        return {**stage.evidence, stage.trail: b"".join(told)} if told else None

    return called(change, f"program called {name}")


def called(change: Change, name: str) -> Change:
    """The change, under a name that says which it is."""
    change.__name__ = name
    return change


def together(*changes: Change) -> Change:
    """Several changes, one after the other; none where one of them finds nothing to change."""

    def change(stage: Scene) -> Files | None:
        for one in changes:
            found = one(stage)
            if found is None:
                return None
            stage = replace(stage, evidence=found)
        return stage.evidence

    return called(change, " and ".join(one.__name__ for one in changes))
