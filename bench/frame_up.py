"""Whether somebody without rights can have another named: what an account can write is put into finished incidents' evidence.

    python bench/frame_up.py [--seeds 20501:20531] [--only WORD …]

Each seed is a simulated incident, told as its own actor would have it read: lines by `logger`, which takes any program's name and any
number; programs of one's own under others' names; a login uid that a process without one sets; rows within rows of accounting; lists of
keys, histories, startup files, reflogs and authors; and what `frame_typed` has: text that services repeat, and the log of a checkout. Then logs are removed, whole or a stretch, as root could. Printed is who is named
for what they did not do and was not before, which true denial of an innocent is contradicted, which other one, and which untrue one is supported,
which account is wrong, and which cause of a job changed.
It ends with status 1 where somebody is named wrongly.
"""

import argparse
import re
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from frame_scene import (
    PID,
    SHARED,
    Change,
    Files,
    Said,
    Scene,
    called,
    events_of,
    logged,
    mine,
    moment,
    program_called,
    scene,
)
from frame_typed import TYPED

from forensics.pipeline import inmemory
from forensics.simulation import incident, judging, plan
from forensics.simulation.incident import Incident

_DENIALS = ("D01", "D02", "D04", "D06", "D09", "D11")


def _entered(stage: Scene, account: str, at: float, pid: int, until: float | None = None) -> list[Said]:
    """What sshd would say of an entry of the other's into an account."""
    where, key = stage.addresses[stage.other], stage.keys[stage.other]
    told: list[Said] = [
        (at, "sshd", pid, f"Accepted publickey for {account} from {where} port 51514 ssh2: ED25519 {key}"),
        (at, "sshd", pid, f"pam_unix(sshd:session): session opened for user {account}(uid={stage.uids[account]}) by (uid=0)"),
    ]  # fmt: skip
    if until is not None:
        told.append((until, "sshd", pid, f"pam_unix(sshd:session): session closed for user {account}"))
    return told


def entry_of(account: str) -> Change:
    """Another is said to have come in, into an account, before the act, and to have gone after it."""

    def change(stage: Scene) -> Files | None:
        name = {"other": stage.other, "own": stage.by}.get(account, account)
        return logged(stage, *_entered(stage, name, stage.at - 60, PID, stage.at + 60))

    return called(change, f"entry into {account}")


def session_of(account: str) -> Change:
    """The process of one's own session is said to have let the other in."""

    def change(stage: Scene) -> Files | None:
        name = stage.by if account == "own" else account
        own = stage.of(name)
        return logged(stage, *_entered(stage, name, own[-1].at + 0.5, own[-1].pid)) if own else None

    return called(change, f"session in {account}")


def sudo_of_another(stage: Scene) -> Files | None:
    """Another is said to have used root's rights for the very act, and to have become the actor before."""
    words = (
        f"/usr/bin/scancel {stage.job}",
        f"/usr/bin/vim {stage.thing}",
        f"/bin/rm {stage.thing}",
        "/bin/bash",
    )
    lead = f"{stage.other:>8} : TTY=pts/9 ; PWD=/home/{stage.other} ; "
    told: list[Said] = [(stage.at, "sudo", None, f"{lead}USER=root ; COMMAND={word}") for word in words]
    told.append((stage.at - 5, "sudo", None, f"{lead}USER={stage.by} ; COMMAND=/bin/bash"))
    return logged(stage, *told, (stage.at - 5, "su", PID, f"(to {stage.by}) {stage.other} on pts/9"))


def accounts_renamed(stage: Scene) -> Files | None:
    """Programs that keep accounts are said to have exchanged names and numbers, and to have given rights."""
    by, other, uid, at = stage.by, stage.other, stage.uids[stage.by], stage.at - 300
    return logged(
        stage,
        (at, "usermod", PID, f"change user name '{by}' to '{other}'"),
        (at, "useradd", PID, f"new user: name={other}, UID={uid}, GID={uid}, home=/home/{other}, shell=/bin/bash, from=none"),
        (at, "userdel", PID, f"delete user '{by}'"),
        (at, "usermod", PID, f"add '{other}' to group 'sudo'"),
    )  # fmt: skip


def crontab_by_another(stage: Scene) -> Files | None:
    """The other is said to have replaced the crontabs of both, and cron to have run the act."""
    return logged(
        stage,
        (stage.at - 120, "crontab", PID, f"({stage.other}) REPLACE ({stage.by})"),
        (stage.at, "CRON", PID + 1, f"({stage.other}) CMD (scancel {stage.job})"),
        (stage.at, "CRON", PID + 2, f"({stage.by}) CMD (scancel {stage.job})"),
    )


def own_session_ended(stage: Scene) -> Files | None:
    """One's own sessions are said to have ended before the act."""
    told: list[Said] = [
        (max(s.at + 1, stage.at - 60), "sshd", s.pid, f"pam_unix(sshd:session): session closed for user {stage.by}")
        for s in stage.of(stage.by)
    ]  # fmt: skip
    return logged(stage, *told) if told else None


def faults_and_clocks(stage: Scene) -> Files | None:
    """The node is said to have broken down, and clocks to have been set."""
    return logged(
        stage,
        (stage.at, "kernel", None, "[12345.678901] NVRM: Xid (PCI:0000:3b:00): 79, pid=1234, GPU has fallen off the bus."),
        (stage.at - 30, "chronyd", 650, "System clock was stepped by -600.123456 seconds"),
        (stage.at, "slurmctld", 655, f"_slurm_rpc_kill_job: REQUEST_KILL_JOB JobId={stage.job} uid {stage.uids[stage.other]}"),
    )  # fmt: skip


def history_and_startup(stage: Scene) -> Files | None:
    """One's own history and startup files take in what the other wrote."""
    found = dict(stage.evidence)
    lines = f"source /home/{stage.other}/env.sh\nsource /srv/range/proj/llm/notes.md\nexport PYTHONPATH=/srv/range/proj/llm\n"
    path = f"{stage.host}/home/{stage.by}/.bash_history"
    typed = "".join(f"#{int(stage.at - 40)}\n{line}\n" for line in lines.splitlines())
    found[path] = typed.encode() + found.get(path, b"")
    path = f"{stage.host}/home/{stage.by}/.bashrc"
    found[path] = found.get(path, b"") + lines.encode()
    return found


def lists_of_keys(stage: Scene) -> Files | None:
    """The other's key is put into one's own list, one's own bears the other's name, and is taken out of the shared account's list."""
    found = dict(stage.evidence)
    own, theirs, shared = (
        f"{stage.host}/home/{who}/.ssh/authorized_keys" for who in (stage.by, stage.other, SHARED)
    )
    if own not in found or theirs not in found:
        return None
    mine = found[own].split()[:2]
    found[own] = found[theirs] + b" ".join([*mine, f"{stage.other}@ws-{stage.other}".encode()]) + b"\n"
    found[shared] = b"".join(x for x in found.get(shared, b"").splitlines(keepends=True) if mine[1] not in x)
    return found


def reflog_of_another(stage: Scene) -> Files | None:
    """The log of the shared checkout's HEAD says that the other pulled then."""
    path = "git/worktree/dot-git/logs/HEAD"
    if path not in stage.evidence:
        return None
    new = stage.evidence[path].splitlines()[-1].split()[1].decode()
    line = (
        f"{new} {new} {stage.other} <{stage.other}@lab.example> {int(stage.at)} +0000\tpull: Fast-forward\n"
    )
    return {**stage.evidence, path: stage.evidence[path] + line.encode()}


def rows_of_accounting(stage: Scene) -> Files | None:
    """A job of one's own has a name with line ends, so that a row of the job asked about stands behind it."""
    path = "slurm/sacct.psv"
    rows = stage.evidence.get(path, b"").decode().splitlines()
    mine = next((n for n, x in enumerate(rows) if f"|{stage.by}|" in x), None)
    asked = next((x for x in rows if x.startswith(f"{stage.job}|")), None)
    if mine is None or asked is None:
        return None
    cells = asked.split("|")
    cells[rows[0].split("|").index("State")] = f"CANCELLED by {stage.uids[stage.other]}"
    rows.insert(mine + 1, "|".join(cells))
    return {**stage.evidence, path: "".join(f"{x}\n" for x in rows).encode()}


def login_uid_set(stage: Scene) -> Files | None:
    """A process without a login, called `sshd`, sets the other's login uid, does the act, and has sshd say whose key let it in."""
    uid, other, at = stage.uids[stage.by], stage.uids[stage.other], stage.at - 30
    ses = max((s.ses for s in stage.sessions), default=900) + 40
    told, serial, done = list[bytes](), 0, False
    for number, event in events_of(stage.evidence.get(stage.trail, b"")):
        if not serial and (moment(event[0], stage.at) or 0.0) > at:
            serial = int(number)
            node = (re.match(rb"node=\S+ ", event[0]) or [b""])[0].decode()
            stamp = f"msg=audit({at:.3f}:{serial}):"
            ids = f"auid={other} uid={uid} gid={uid} euid={uid} suid={uid} fsuid={uid} egid={uid} sgid={uid} fsgid={uid}"
            told += [
                f"{node}type=LOGIN {stamp} pid={PID} uid={uid} old-auid=4294967295 auid={other} tty=(none) old-ses=4294967295 ses={ses} res=1\n".encode(),
                f'{node}type=SYSCALL {stamp} arch=c000003e syscall=1 success=yes exit=4 a0=3 a1=7f a2=4 a3=0 items=0 ppid={PID - 5} pid={PID} {ids} tty=(none) ses={ses} comm="sshd" exe="/home/{stage.by}/sshd" key=(null)\n'.encode(),
            ]  # fmt: skip
        ours = mine(stage, event)
        done |= ours
        for raw in event:
            x = raw.replace(b":%s)" % number, b":%d)" % (int(number) + 1), 1) if serial else raw
            if ours:
                x = re.sub(rb" auid=[0-9]+ ", f" auid={other} ".encode(), x)
                x = re.sub(rb" ses=[0-9]+ ", f" ses={ses} ".encode(), x)
                x = re.sub(rb'AUID="[^"]+"', f'AUID="{stage.other}"'.encode(), x)
                x = re.sub(rb" ppid=[0-9]+ ", f" ppid={PID} ".encode(), x)
            told.append(x)
    if not done:
        return None
    found = logged(stage, *_entered(stage, stage.other, at, PID))
    return {**found, stage.trail: b"".join(told)}


def gone(*parts: str) -> Change:
    """One kind of log was removed whole."""

    def change(stage: Scene) -> Files | None:
        kept = {path: raw for path, raw in stage.evidence.items() if not any(part in path for part in parts)}
        return kept if len(kept) < len(stage.evidence) else None

    return called(change, f"gone {' '.join(parts)}")


def stretch_gone(part: str, since: float, until: float) -> Change:
    """A stretch of a log was removed, from so many seconds after the act to so many."""

    def change(stage: Scene) -> Files | None:
        found = dict(stage.evidence)
        for path, raw in stage.evidence.items():
            if part in path:
                lines = raw.splitlines(keepends=True)
                out = [since <= (moment(x, stage.at) or float("inf")) - stage.at <= until for x in lines]
                found[path] = b"".join(x for x, cut in zip(lines, out, strict=True) if not cut)
        return found if found != stage.evidence else None

    return called(change, f"stretch gone {part} {since} {until}")


WRITTEN: tuple[Change, ...] = (
    *(entry_of(account) for account in ("other", "own", SHARED)), *(session_of(account) for account in ("own", SHARED)),
    sudo_of_another, accounts_renamed, crontab_by_another, own_session_ended, faults_and_clocks, history_and_startup, lists_of_keys,
    reflog_of_another, rows_of_accounting, *(program_called(name) for name in ("git", "pip", "rsync")), login_uid_set, *TYPED,
)  # fmt: skip
"""What no right is needed for."""
REMOVED: tuple[Change, ...] = (
    *map(gone, ("audit/audit.log", "auth.log", "wtmp", "slurmctld", "sacct", "gitolite/logs", "dot-git", "keydir", "passwd")),
    *(stretch_gone("audit.log", *span) for span in ((-1e9, -120), (-600, -20), (-3, 3), (5, 1e9))), stretch_gone("auth.log", -1e9, -60),
)  # fmt: skip
"""What root could remove."""


def _asked(made: Incident, people: list[str]) -> bytes:
    """The case file, with denials of everybody."""
    text = made.about.decode().partition("\n[[claim]]")[0]
    named = [(who, c, "") for who in people for c in _DENIALS] + [
        (who, "D01", name) for who in people for name in people if name != who
    ]
    said = [f'\n[[claim]]\nid = "{c}"\nby = "{who}"\nnames = "{name}"\n' for who, c, name in named]
    return (text + "".join(said)).encode()


def _told(found: Mapping[str, Any], truth: Mapping[str, Any]) -> dict[str, set[tuple[Any, ...]]]:
    """What is to be compared of findings."""
    answers = judging.judged(found, truth)
    against = [c for c in found["claims"] if c["by"] != truth["actor"] and c["status"] == "contradicted"]
    true = [c for c in against if judging.is_true(c, truth) and c["names"] in {"", None, truth["actor"]}]
    return {
        "named": {(n["act"], n["object"], n["name"]) for n in answers["named"] if n["how"] == "wrong"},
        "as a cause": {(n["act"], n["object"], n["name"]) for n in answers["blamed"]},
        "true denial contradicted": {(c["id"], c["by"], c["names"]) for c in true},
        "contradicted": {(c["id"], c["by"], c["names"]) for c in against if c not in true},
        "supported": {
            (c["id"], c["by"], c["names"])
            for c in found["claims"]
            if c["status"] == "supported"
            and (c["by"] == truth["actor"] or c["names"] not in {"", None, truth["actor"]})
        },
        "accounts": {(answers["accounts"].count(False),)} - {(0,)},
        "causes": {(j["job"], j["cause"], j["why"]) for j in found["jobs"]},
    }


def framed(seed: int, desk: inmemory.Desk, only: list[str]) -> int:
    """Print what each change brings about in one incident; how often somebody is named wrongly."""
    made = incident.incident(plan.plan(seed))
    truth = made.truth
    if truth["actor"] is None:
        return 0
    people = [told[0] for role, told in truth["cast"].items() if role != "shared"]
    about = _asked(made, people)
    before = _told(inmemory.investigated(made.evidence, made.roster, about, desk), truth)
    print(
        seed, made.plan.technique, made.plan.guise, made.plan.coverage, truth["actor"], sep="\t", flush=True
    )
    wrong = 0
    for change in (*WRITTEN, *REMOVED):
        if only and not any(word in change.__name__ for word in only):
            continue
        evidence = change(scene(made))
        if evidence is None:
            continue
        after = _told(inmemory.investigated(evidence, made.roster, about, desk), truth)
        for what, values in after.items():
            for value in sorted(values - before[what], key=str):
                print("", change.__name__, what, *value, sep="\t", flush=True)
        wrong += len(after["named"] - before["named"])
    return wrong


def main() -> None:
    """Frame somebody in one incident after the other."""
    words = argparse.ArgumentParser(description=str(__doc__).split("\n", maxsplit=1)[0])
    words.add_argument("--seeds", default="20501:20531")
    words.add_argument("--only", nargs="*", default=[])
    given = words.parse_args()
    first, _, stop = str(given.seeds).partition(":")
    with tempfile.TemporaryDirectory() as folder:
        desk = inmemory.Desk(Path(folder))
        sys.exit(sum(framed(seed, desk, given.only) for seed in range(int(first), int(stop))) > 0)


if __name__ == "__main__":
    main()
