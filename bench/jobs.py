"""What it takes to analyse a case of many jobs and many logins, in one process and with all events held.

    python bench/jobs.py [--jobs 1000 4000 20000] [--profile N]

Around a staged incident lie jobs and a quarter as many login sessions, on ten login hosts and sixty nodes in thirty days. A session
is told by the kernel and by sshd, half of them jump to the next host; each job is submitted out of a session by a command that the
kernel saw, is told by the controller, its node and accounting, and runs two programs; a third is ended at its owner's request. What
is found of the incident itself has to be the same at every size.
"""

import argparse
import cProfile
import hashlib
import pstats
import resource
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from forensics.analysis import blind, evidence, examine, findings  # noqa: E402 - this checkout's, and no other
from forensics.core import ids  # noqa: E402 - the same
from forensics.core import roster as asked  # noqa: E402 - the same
from forensics.core.tables import EVENT, JOB_RECORD  # noqa: E402 - the same
from forensics.pipeline import inmemory  # noqa: E402 - the same

INCIDENT = ROOT / "sample_logs" / "incidents" / "script_edit"
ENDED_NS = 1_795_400_000_000_000_000
SPAN_NS, S = 30 * 86_400_000_000_000, 1_000_000_000
HOSTS, NODES, ACCOUNTS = 10, 60, 400
Row = dict[str, Any]


class Logs:
    """Rows of events as they are made, each with a place of its own."""

    def __init__(self) -> None:
        self.rows: list[Row] = []

    def add(self, verb: str, form: str, host: str | None, at: int, **given: object) -> None:
        """One event of one log."""
        sha256 = hashlib.sha256(f"many {form} {host}".encode()).hexdigest()
        start = len(self.rows) * 100
        domain = {"slurmctld": "slurm:admin", "slurmd": f"{host}:slurmd"}.get(form, f"{host}:root")
        spans = [{"sha256": sha256, "start": start, "stop": start + 100}]
        self.rows.append({
            "event_id": ids.event_id(sha256, start, start + 100), "earliest_ns": at, "latest_ns": at + 999_999, "clock": f"{domain}:{form}",
            "format": form, "domain": domain, "verb": verb, "host": host, "outcome": "success", "sha256": sha256, "start": start,
            "stop": start + 100, "citations": spans, **given,
        })  # fmt: skip


def who(n: int) -> Row:
    """The fields of an account in an audit record."""
    return {"account": f"user{n % ACCOUNTS}", "auid": 10_000 + n % ACCOUNTS}


def login(logs: Logs, n: int, at: int) -> None:
    """A login, told twice; every other one goes on to the next host."""
    host, pid, own = f"front{n % HOSTS:02d}", 100_000 + 10 * n, who(n)
    ses = str(1_000 + n)
    key = f"SHA256:{n % ACCOUNTS:043d}"
    told = {**own, "session": ses, "pid": pid, "exe": "/usr/sbin/sshd"}
    logs.add("loginuid", "auditd", host, at, **told)
    logs.add("login", "auditd", host, at, address=f"10.9.{n % 200}.{n % 250}", **told)
    port = 30_000 + n % 30_000
    logs.add(
        "login",
        "syslog",
        host,
        at,
        account=own["account"],
        pid=pid,
        address=f"10.9.{n % 200}.{n % 250}",
        port=port,
        credential=key,
    )
    if n % 2:
        other = f"front{(n + 1) % HOSTS:02d}"
        run(logs, n, ["ssh", other], at + S)
        logs.add(
            "connect",
            "auditd",
            host,
            at + S,
            **{**told, "pid": pid + 2, "exe": "/usr/bin/ssh"},
            object_kind="address",
            object="10.0.0.1",
            port=22,
        )
    logs.add("session_close", "auditd", host, at + 3_600 * S, **told)


def run(logs: Logs, n: int, argv: list[str], at: int, step: int = 2) -> None:
    """A program in a session."""
    path = f"/usr/bin/{argv[0]}"
    logs.add(
        "execute", "auditd", f"front{n % HOSTS:02d}", at, **who(n), effective=f"user{n % ACCOUNTS}", uid=10_000 + n % ACCOUNTS, session=str(1_000 + n),
        pid=100_000 + 10 * n + step, ppid=100_000 + 10 * n, exe=path, argv=argv, cwd=f"/srv/homes/user{n % ACCOUNTS}", object_kind="path", object=path,
    )  # fmt: skip


def job(logs: Logs, n: int, of: int, at: int) -> Row:
    """A job out of a session; a third is ended at its owner's request."""
    name, node, own = str(100_000 + n), f"node{n % NODES:02d}", who(of)
    uid, pid, ended = own["auid"], 200_000 + 10 * (n % 50_000), n % 3 == 0
    run(logs, of, ["sbatch", "train.sh"], at, 3)
    logs.add("submit", "slurmctld", None, at, job=name, object_kind="job", object=name)
    logs.add("start", "slurmd", node, at + S, job=name, uid=uid)
    logs.add("task_start", "slurmd", node, at + S, job=name, pid=pid)
    for n_th, program in enumerate(("bash", "python3")):
        logs.add(
            "execute", "auditd", node, at + 2 * S, pid=pid + n_th, ppid=pid if n_th else 1, uid=uid, effective=own["account"], exe=f"/usr/bin/{program}",
            argv=[program, "train.py"], cwd=f"/home/{own['account']}", object_kind="path", object=f"/usr/bin/{program}",
        )  # fmt: skip
    if ended:
        run(logs, of, ["scancel", name], at + 300 * S, 4)
        logs.add(
            "kill_request", "slurmctld", None, at + 300 * S, job=name, uid=uid, object_kind="job", object=name
        )
    seconds = 300 if ended else 600
    outcome = "CANCELLED" if ended else "FAILED" if n % 7 == 0 else "COMPLETED"
    return {
        "job": name, "cluster": "c", "name": "train", "owner": own["account"], "owner_uid": uid, "state": outcome, "outcome": outcome,
        "exit_code": int(outcome == "FAILED"), "exit_signal": 0, "submit_ns": at, "start_ns": at + S, "end_ns": at + seconds * S, "elapsed_s": seconds,
        "gpus": 1 << n % 4, "nodes": node, "workdir": f"/home/{own['account']}", "format": "sacct", "domain": "slurm:admin", "sha256": "d" * 64,
        "start": n * 100, "stop": n * 100 + 100,
    }  # fmt: skip


def around(jobs: int) -> tuple[pa.Table, pa.Table]:
    """The events and records of so many jobs and a quarter as many logins."""
    logs, records, logins = Logs(), list[Row](), max(jobs // 4, 1)
    begin = ENDED_NS - SPAN_NS
    for n in range(logins):
        login(logs, n, begin + n * (SPAN_NS // logins))
    for n in range(jobs):
        of = n % logins
        records.append(job(logs, n, of, begin + of * (SPAN_NS // logins) + (10 + n // logins) * 60 * S))
    built = {c: [r.get(c) for r in logs.rows] for c in EVENT.names}
    made = {c: [r.get(c) for r in records] for c in JOB_RECORD.names}
    return EVENT.build(built), JOB_RECORD.build(made)


def main() -> None:
    """Analyse the incident among ever more jobs, and print what it took."""
    words = argparse.ArgumentParser(description=str(__doc__).split("\n", maxsplit=1)[0])
    words.add_argument("--jobs", type=int, nargs="*", default=[1_000, 4_000, 20_000])
    words.add_argument(
        "--profile",
        type=int,
        default=0,
        help="so many functions that take most of the time, each with its own",
    )
    given = words.parse_args()
    roster, about = ((INCIDENT / f"{name}.toml").read_bytes() for name in ("roster", "case"))
    hidden = blind.blinded(asked.roster(roster, "roster.toml"), asked.question(about, "case.toml"))
    with tempfile.TemporaryDirectory() as folder:
        collected = {
            str(p.relative_to(INCIDENT / "evidence")): p.read_bytes()
            for p in (INCIDENT / "evidence").rglob("*")
            if p.is_file()
        }
        tables, refused = inmemory.Desk(Path(folder)).tables(collected, hidden.question)
    rejects, own = evidence.frame(refused), None
    for jobs in [0, *given.jobs]:
        more = around(jobs) if jobs else (EVENT.empty(), JOB_RECORD.empty())
        found = {
            **tables,
            "event": pa.concat_tables([tables["event"], more[0]]),
            "job_record": pa.concat_tables([tables["job_record"], more[1]]),
        }
        watch, before = cProfile.Profile(), time.process_time()
        if given.profile:
            watch.enable()
        case = evidence.assemble(found, hidden.roster, hidden.question)
        done = examine.examine(case, rejects)
        told = findings.findings(done)
        watch.disable()
        took = time.process_time() - before
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(
            f"{jobs}\t{len(done.sessions)} sessions\t{len(found['event'])} events\t{took:.1f} processor s\t{peak:.0f} MB",
            flush=True,
        )
        if given.profile:
            pstats.Stats(watch).sort_stats("tottime").print_stats(given.profile)
            pstats.Stats(watch).sort_stats("cumtime").print_stats(2 * given.profile)
        named = list(_named(told))
        own = own or named
        if named != own:
            raise SystemExit(f"{jobs} jobs around the incident change what is found of it")


def _named(told: Row) -> Iterator[tuple[str, ...]]:
    """Every act in the findings, and who is named for it."""
    for a in told["acts"]:
        yield a["act"], a["object"], str(a["job"]), str(a["person"]["name"]), str(a["person"]["strength"])


if __name__ == "__main__":
    main()
