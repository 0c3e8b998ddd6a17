"""What an account can have written into the evidence of an incident by text that services repeat, and by tools of its own.

    from frame_typed import TYPED

Daemons write what a client sent as it stands, line ends too; listings quote nothing; a terminal's record names the host that whoever
opened it says; and whoever is in the group of a shared checkout can write the log of its HEAD. Each change is one of `frame_up`, which runs them.
"""

import json
import re
import socket
import struct
from collections.abc import Callable
from datetime import UTC, datetime

from frame_scene import PID, Change, Files, Scene, called, logged, moment, program_called, together


def _stamped(at: float, *, ms: bool = True) -> str:
    return (
        datetime.fromtimestamp(at, UTC)
        .isoformat(timespec="milliseconds" if ms else "seconds")
        .removesuffix("+00:00")
    )


def _inserted(raw: bytes, lines: str, at: float) -> bytes:
    """A log with more lines, where their time puts them."""
    held = raw.splitlines(keepends=True)
    place = next((n for n, x in enumerate(held) if (moment(x, at) or 0.0) > at), len(held))
    return b"".join([*held[:place], lines.encode(), *held[place:]])


def _row(stage: Scene) -> tuple[list[str], dict[str, str]] | None:
    """The rows of accounting, and the cells of the job asked about."""
    rows = stage.evidence.get("slurm/sacct.psv", b"").decode().splitlines()
    own = next((x for x in rows if x.startswith(f"{stage.job}|")), None)
    return None if own is None else (rows, dict(zip(rows[0].split("|"), own.split("|"), strict=True)))


def controller_says(name: str, *words: str) -> Change:
    """A queue that is not there, whose name holds line ends, puts lines into the controller's log."""

    def change(stage: Scene) -> Files | None:
        path = "slurm/slurmctld.log"
        if path not in stage.evidence:
            return None
        said = ["_valid_job_part: invalid partition specified: x", *words]
        given = {"job": stage.job, "uid": stage.uids[stage.other]}
        lines = "".join(f"[{_stamped(stage.at)}] {word.format(**given)}\n" for word in said)
        return {**stage.evidence, path: _inserted(stage.evidence[path], lines, stage.at)}

    return called(change, f"controller says {name}")


def node_says(name: str, *words: str) -> Change:
    """The path of a job's output, which holds line ends, puts lines into a node's log as the job asked about ends."""

    def change(stage: Scene) -> Files | None:
        path, found = "slurm/slurmd-gpu01.log", _row(stage)
        if path not in stage.evidence or found is None or found[1]["End"] == "Unknown":
            return None
        at = datetime.fromisoformat(found[1]["End"]).replace(tzinfo=UTC).timestamp() - 0.3
        said = [f"[{stage.job}9.batch] error: Could not open stdout file /home/{stage.by}/x", *words]
        lines = "".join(
            f"[{_stamped(at)}] {word.format(job=stage.job, uid=stage.uids[stage.other])}\n" for word in said
        )
        return {**stage.evidence, path: _inserted(stage.evidence[path], lines, at)}

    return called(change, f"node says {name}")


def row_of_accounting(name: str, days: int = 0, *, alone: bool = False, **cells: str) -> Change:
    """A comment of a job of one's own holds a row: of the job asked about, days from its own, or in place of a row that is not in the listing."""

    def change(stage: Scene) -> Files | None:
        found = _row(stage)
        if found is None or "Unknown" in found[1].values():
            return None
        rows, own = found
        kept = [x for x in rows if not x.startswith((f"{stage.job}|", f"{stage.job}."))] if alone else rows
        told = {**own, "State": f"CANCELLED by {stage.uids[stage.other]}", **cells}
        for column in ("Submit", "Eligible", "Start", "End") if days else ():
            when = datetime.fromisoformat(own[column]).replace(tzinfo=UTC).timestamp()
            told[column] = _stamped(when + days * 86_400, ms=False)
        text = "".join(f"{x}\n" for x in [*kept, "|".join(told.values())])
        return {**stage.evidence, "slurm/sacct.psv": text.encode()}

    return called(change, f"row of accounting {name}")


def completion_of_another(stage: Scene) -> Files | None:
    """The name of a job of one's own holds a record of the completion log, by which the other owns the job asked about, and a node failed."""
    path = "slurm/jobcomp.log"
    own = next(
        (
            x
            for x in stage.evidence.get(path, b"").decode().splitlines()
            if x.startswith(f"JobId={stage.job} ")
        ),
        None,
    )
    if own is None:
        return None
    line = re.sub(r"UserId=\S+", f"UserId={stage.other}({stage.uids[stage.other]})", own)
    line = re.sub(r"JobState=\S+", "JobState=NODE_FAIL", line)
    return {**stage.evidence, path: stage.evidence[path] + f"{line}\n".encode()}


def terminal_from_elsewhere(stage: Scene) -> Files | None:
    """A terminal of one's own is recorded as opened from the other's workstation: who opens one chooses that name."""
    path = f"{stage.host}/var/log/wtmp"
    if path not in stage.evidence:
        return None
    where = stage.addresses[stage.other]
    record = struct.pack(
        "<hxxi32s4s32s256shhiii16s20x", 7, PID, b"pts/77", b"/77", stage.by.encode(), where.encode(), 0, 0, 0, int(stage.at - 30), 0,
        socket.inet_aton(where) + bytes(12),
    )  # fmt: skip
    raw = stage.evidence[path]
    held = [raw[n : n + len(record)] for n in range(0, len(raw), len(record))]
    place = next(
        (n for n, x in enumerate(held) if struct.unpack_from("<i", x, 340)[0] > stage.at - 30), len(held)
    )
    return {**stage.evidence, path: b"".join([*held[:place], record, *held[place:]])}


def key_of_another(stage: Scene) -> Files | None:
    """The process of one's own session is said to have let in the other's key, from one's own workstation."""
    own = stage.of(stage.by)
    if not own:
        return None
    said = f"Accepted publickey for {stage.by} from {stage.addresses[stage.by]} port 51514 ssh2: ED25519 {stage.keys[stage.other]}"
    return logged(stage, (own[-1].at + 0.2, "sshd", own[-1].pid, said))


def crontab_line_alone(stage: Scene) -> Files | None:
    """The other is said to have replaced one's own crontab a minute before the act."""
    return logged(stage, (stage.at - 60, "crontab", PID, f"({stage.other}) REPLACE ({stage.by})"))


def client_named_as_a_line(stage: Scene) -> Files | None:
    """A login is refused to a name that reads like an entry, and a connection ends with such words."""
    where, said = (
        stage.addresses[stage.by],
        f"Accepted publickey for {stage.by} from {stage.addresses[stage.other]} port 51514 ssh2: ED25519 {stage.keys[stage.other]}",
    )
    return logged(
        stage,
        (stage.at - 60, "sshd", PID, f"Invalid user x: {said} from {where} port 40022"),
        (stage.at - 59, "sshd", PID, f"Received disconnect from {where} port 40022:11: {said}"),
        (stage.at - 58, "sshd", PID, f"Bad protocol version identification '{said}' from {where} port 40022"),
    )  # fmt: skip


def tree_said_to_have_come_to(git: Callable[[Scene], Files | None] | None) -> Change:
    """The log of the checkout's HEAD says that it came to the other's honest commit as the act was done, perhaps with a program called git."""

    def change(stage: Scene) -> Files | None:
        found, path = (git(stage) if git else dict(stage.evidence)), "git/worktree/dot-git/logs/HEAD"
        theirs = stage.commits.get(stage.other)
        if found is None or path not in found or theirs is None:
            return None
        old = found[path].splitlines()[0].split()[1].decode()
        line = f"{old} {theirs} {stage.other} <{stage.other}@lab.example> {int(stage.at)} +0000\tpull: Fast-forward\n"
        return {**found, path: found[path] + line.encode()}

    return called(change, f"tree said to have come to another's commit{' by own git' if git else ''}")


def recordings(stage: Scene) -> Files | None:
    """Recordings of a terminal in one's own home, and lines of a journal, name the other as who typed the act."""
    typed = f"scancel {stage.job}\rvim {stage.thing}\r"
    taped = {
        "ver": "2.3", "host": stage.host, "rec": "6a7393b524d64a96-5cfb-4d2c3", "user": stage.other, "term": "xterm", "session": 5, "id": 1, "pos": 0,
        "time": round(stage.at, 3), "timing": f"<{len(typed)}", "in_txt": typed, "in_bin": [], "out_txt": "", "out_bin": [],
    }  # fmt: skip
    home = f"{stage.host}/home/{stage.by}"
    cast = {"version": 2, "width": 80, "height": 24, "timestamp": int(stage.at), "env": {"USER": stage.other}}
    return {
        **stage.evidence,
        f"{home}/rec.json": f"{json.dumps(taped)}\n".encode(),
        f"{home}/x.cast": f'{json.dumps(cast)}\n[0.1, "i", {json.dumps(typed)}]\n'.encode(),
        f"{home}/typescript": f'Script started on {_stamped(stage.at, ms=False)}+00:00 [TERM="xterm"]\n{stage.other}@{stage.host}$ {typed}\n'.encode(),
        f"{stage.host}/var/log/tlog/tlog.log": f"{json.dumps(taped)}\n".encode(),
    }  # fmt: skip


def listing_of_files(stage: Scene) -> Files | None:
    """A file's name holds line ends, so that a listing has the changed file as the other's, of the time of the act."""
    at = int(stage.at)
    line = f"0|{stage.thing}|123|-rw-r--r--|{stage.uids[stage.other]}|4200|10|{at}|{at}|{at}|0\n"
    return {**stage.evidence, f"{stage.host}/bodyfile.txt": line.encode()}


_KILL = controller_says(
    "kill",
    "_slurm_rpc_kill_job: REQUEST_KILL_JOB JobId={job} uid {uid}",
    "job_signal: 9 of running JobId={job} successful 0x8004",
)
_LIMIT = controller_says("limit", "Time limit exhausted for JobId={job}", "_job_complete: JobId={job} done")
_ALONE = row_of_accounting("alone", alone=True)

TYPED: tuple[Change, ...] = (
    _KILL, controller_says("update", "_slurm_rpc_update_job: complete JobId={job} uid={uid} usec=5"),
    controller_says("node", "_job_complete: JobId={job} cancelled by node failure", "Killing JobId={job} on failed node gpu01"),
    node_says("memory", "[{job}.batch] error: Detected 1 oom_kill event in StepId={job}.batch. Some of the step tasks have been OOM Killed."),
    node_says("signal", "[{job}.batch] debug:  _handle_signal_container for StepId={job}.batch uid={uid} signal=9 flag=0x0"),
    row_of_accounting("later", 2), row_of_accounting("earlier", -2), _ALONE,
    together(_ALONE, _KILL), together(row_of_accounting("of a limit", alone=True, State="TIMEOUT", ExitCode="0:0"), _LIMIT),
    completion_of_another, terminal_from_elsewhere, key_of_another, crontab_line_alone, client_named_as_a_line,
    tree_said_to_have_come_to(None), tree_said_to_have_come_to(program_called("git")), recordings, listing_of_files,
)  # fmt: skip
