"""Sixty days of a busy cluster, written into a case as its tables hold it: the mass in which one incident lies.

Every 2,000 events are one stay: a login session on one of ten hosts, or a quarter of them a job on one of sixty
nodes, forty of them at once. A session is told by the kernel and by sshd, a job by its node and by accounting. The
rest is what an audit trail tells most: files opened, programs run, connections, files written below /scratch.
"""

import hashlib
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from forensics.core.tables import EVENT, FILE, JOB_RECORD
from forensics.custody import ledger
from forensics.pipeline import written as entered
from forensics.pipeline.parts import record_table
from forensics.store import parquet

SEED = 20261123
DAY_NS = 86_400_000_000_000
ENDED_NS = 1_795_500_000_000_000_000
DAYS = 60
BLOCK = 1 << 18
STAY, AT_ONCE, ACCOUNTS = 2_000, 40, 400
LOGINS = [f"front{n:02d}" for n in range(10)]
NODES = [f"node{n:02d}" for n in range(60)]
HOSTS = [*LOGINS, *NODES]
MASS = {
    "read": 0.44,
    "execute": 0.3,
    "connect": 0.12,
    "write": 0.05,
    "create": 0.03,
    "rename": 0.01,
    "delete": 0.01,
    "other": 0.04,
}
Ints = np.ndarray


def _sha256(host: str, form: str) -> str:
    return hashlib.sha256(f"{host} {form}".encode()).hexdigest()


def _pool(words: list[str], which: Ints) -> pa.Array:
    return pa.array(words).take(pa.array(which))


def _where(test: Ints, one: object, other: object = None) -> pa.Array:
    """One where a test holds, else the other; either may be a column."""
    kind = one.type if isinstance(one, pa.Array) else pa.scalar(one).type
    sides = [side if isinstance(side, pa.Array) else pa.scalar(side, kind) for side in (one, other)]
    return pc.if_else(pa.array(test), *sides)


class Block:
    """The events from the `first`: their numbers, stays, hosts and what each is."""

    def __init__(self, first: int, count: int, whole: int) -> None:
        self.chance = np.random.default_rng([SEED, first])
        self.number = np.arange(first, first + count)
        self.stay = self.number // (STAY * AT_ONCE) * AT_ONCE + self.number % AT_ONCE
        self.place = self.number % (STAY * AT_ONCE) // AT_ONCE
        self.job = self.stay % 4 == 3
        self.host = np.where(self.job, len(LOGINS) + self.stay // 4 % len(NODES), self.stay % len(LOGINS))
        self.who = self.stay * 7 % ACCOUNTS
        self.when = moment(self.number, whole)
        verbs = np.array(
            [
                *MASS,
                "loginuid",
                "login",
                "session_open",
                "sshd",
                "session_close",
                "start",
                "task_start",
                "script",
            ]
        )
        kind = self.chance.choice(len(MASS), count, p=list(MASS.values()))
        at = len(MASS)
        for place, session, job in (
            (0, at, at + 5),
            (1, at + 1, at + 6),
            (2, at + 2, at + 7),
            (3, at + 3, None),
            (STAY - 1, at + 4, None),
        ):
            kind = np.where((self.place == place) & ~self.job, session, kind)
            kind = kind if job is None else np.where((self.place == place) & self.job, job, kind)
        self.verb = verbs[kind]

    def events(self) -> pa.Table:
        """Schema `event`."""
        verb, place = self.verb, self.place
        node, sshd = np.isin(verb, ["start", "task_start"]), verb == "sshd"
        form = np.where(node, "slurmd", np.where(sshd, "syslog", "auditd"))
        named = [[_sha256(host, one) for host in HOSTS] for one in ("auditd", "slurmd", "syslog")]
        which = np.where(node, 1, np.where(sshd, 2, 0)) * len(HOSTS) + self.host
        sha256 = _pool([name for row in named for name in row], which)
        start, stop = pa.array(self.number * 300), pa.array(self.number * 300 + 290)
        host = _pool(HOSTS, self.host)
        account = _pool([f"u{n:03d}" for n in range(ACCOUNTS)], self.who)
        opened = np.isin(verb, ["loginuid", "login", "session_open", "sshd", "session_close"])
        kernel, entered = form == "auditd", ~self.job
        root = 10_000 + self.stay * 37 % 3_000_000
        pid = np.where(opened | node | (verb == "script"), root, root + 1 + place // 8)
        uid = pa.array(20_000 + self.who)
        program = self.chance.integers(0, 300, len(verb))
        run = verb == "execute"
        told = {
            "event_id": pc.binary_join_element_wise(pc.utf8_slice_codeunits(sha256, 0, 16), start.cast(pa.string()), stop.cast(pa.string()), "."),
            "earliest_ns": pa.array(self.when),
            "latest_ns": pa.array(self.when + np.where(kernel, 999_999, 999_999_999)),
            "clock": pc.binary_join_element_wise(host, pa.array(form), ":"),
            "format": pa.array(form),
            "domain": pc.binary_join_element_wise(host, pa.array(np.where(node, "slurmd", "root")), ":"),
            "verb": pa.array(np.where(sshd, "login", np.where(verb == "script", "execute", verb))),
            "outcome": pa.array(np.full(len(verb), "success")),
            "host": host,
            "account": _where(entered, account),
            "account_absence": _where(~entered, "not_recorded"),
            "effective": _where(kernel, account),
            **{name: _where(kernel & (entered | (name != "auid")), uid) for name in ("auid", "uid", "euid")},
            "session": _where(kernel & entered, pa.array(self.stay).cast(pa.string())),
            "pid": _where(verb != "start", pa.array(pid)),
            "ppid": _where(kernel & ~opened, pa.array(np.where(verb == "script", 1, root))),
            "exe": _where(kernel & ~opened, _pool([f"/usr/bin/tool{n}" for n in range(300)], program), _where(opened & kernel, "/usr/sbin/sshd")),
            "argv": self._argv(program),
            "cwd": _where(run, "/scratch"),
            "object_kind": _where(~opened & kernel, "path"),
            "object": self._object(program),
            "object_owner_uid": _where(np.isin(verb, ["write", "delete"]), uid),
            "object_from": _where(verb == "rename", _pool([f"/scratch/part{n}.tmp" for n in range(50_000)], self.number % 50_000)),
            "address": _where(np.isin(verb, ["login", "sshd"]), _pool([f"10.1.{n // 200}.{n % 200}" for n in range(ACCOUNTS)], self.who)),
            "port": _where(sshd, pa.array(30_000 + self.stay % 30_000)),
            "credential": _where(sshd, _pool(["SHA256:" + hashlib.sha256(bytes([n % 256, n // 256])).hexdigest()[:43] for n in range(ACCOUNTS)], self.who)),
            "tty": _where(verb == "login", "pts/1"),
            "job": _where(node, pa.array(1_000_000 + self.stay // 4).cast(pa.string())),
            "citations": pa.ListArray.from_arrays(pa.array(np.arange(len(verb) + 1), pa.int32()), pa.StructArray.from_arrays([sha256, start, stop], ["sha256", "start", "stop"])),
            "sha256": sha256,
            "start": start,
            "stop": stop,
        }  # fmt: skip
        return EVENT.build(told)

    def _argv(self, program: Ints) -> pa.Array:
        run, script = self.verb == "execute", self.verb == "script"
        pool = [[f"tool{n}", "--in", f"/data/set{n}"] for n in range(300)]
        found = pa.array(pool, pa.list_(pa.string())).take(pa.array(np.where(run, program, 0)))
        held = pc.if_else(pa.array(run), found, pa.scalar(None, found.type))
        names = [
            ["/bin/bash", f"/var/spool/slurmd/job{1_000_000 + stay // 4}/slurm_script"]
            for stay in self.stay[script].tolist()
        ]
        return _put(held, script, names)

    def _object(self, program: Ints) -> pa.Array:
        verb = self.verb
        changed = np.isin(verb, ["write", "create", "rename", "delete"])
        read = _pool(
            [f"/data/set{n // 300}/shard{n % 300}" for n in range(60_000)], self.number * 31 % 60_000
        )
        file = _pool(
            [f"/scratch/run{n // 100}/out{n % 100}.bin" for n in range(300_000)], self.number * 17 % 300_000
        )
        ran = _pool([f"/usr/bin/tool{n}" for n in range(300)], program)
        return _where(
            changed, file, _where(np.isin(verb, ["execute", "script"]), ran, _where(verb == "read", read))
        )

    def records(self, serial: Ints) -> pa.Table:
        """The trail's records of these events, with the kernel's numbers."""
        mine = np.isin(self.verb, ["start", "task_start", "sshd"], invert=True)
        number = self.number[mine]
        start, stop = pa.array(number * 300), pa.array(number * 300 + 290)
        spans = pa.StructArray.from_arrays([start, stop], ["start", "stop"])
        return record_table("auditd").build({
            "sha256": _pool([_sha256(host, "auditd") for host in HOSTS], self.host[mine]), "type": pa.array(np.full(len(number), "SYSCALL")),
            "types": pa.array([["SYSCALL"]] * len(number)), "earliest_ns": pa.array(self.when[mine]), "latest_ns": pa.array(self.when[mine] + 999_999),
            "serial": pa.array(serial[mine]), "start": start, "stop": stop,
            "spans": pa.ListArray.from_arrays(pa.array(np.arange(len(number) + 1), pa.int32()), spans),
        })  # fmt: skip


def _put(held: pa.Array, which: Ints, values: list[list[str]]) -> pa.Array:
    """A column with some rows given."""
    both = pa.concat_arrays([held, pa.array(values, held.type)])
    take = np.arange(len(held))
    take[which] = len(held) + np.arange(len(values))
    return both.take(pa.array(take))


def moment(number: Ints, whole: int) -> Ints:
    """When the n-th of so many events is, in whole milliseconds."""
    every = DAYS * DAY_NS // whole
    return (ENDED_NS - DAYS * DAY_NS + number * every) // 1_000_000 * 1_000_000


def written(tables: Path, whole: int) -> None:
    """Put the cluster's events, trail, accounting and files beside what the tables of a case hold, and enter these as read."""
    counts = np.full(len(HOSTS), 1_000_000_000, np.int64)
    for part, first in enumerate(range(0, whole, BLOCK), 1):
        block = Block(first, min(BLOCK, whole - first), whole)
        parquet.write(tables, EVENT, block.events(), f"{part:06d}")
        serial = np.empty(len(block.number), np.int64)
        kernel = np.isin(block.verb, ["start", "task_start", "sshd"], invert=True)
        for host in range(len(HOSTS)):
            own = np.flatnonzero(kernel & (block.host == host))
            serial[own] = counts[host] + np.arange(len(own))
            counts[host] += len(own)
        parquet.write(tables, record_table("auditd"), block.records(serial), f"cluster-{part:06d}")
    parquet.write(tables, JOB_RECORD, accounting(whole), "1")
    parquet.write(tables, FILE, files(), "1")
    digests = entered.digests(tables, parquet.names(tables))
    ledger.append(
        tables.parent / "ledger.jsonl", ledger.hand("bench", "cluster"), [("ingest", {"tables": digests})]
    )


def accounting(whole: int) -> pa.Table:
    """What accounting says of the cluster's jobs: one in twenty failed."""
    stay = np.arange(3, max(4, whole // STAY), 4)
    first = stay // AT_ONCE * STAY * AT_ONCE + stay % AT_ONCE
    began, ended = (moment(np.minimum(n, whole - 1), whole) for n in (first, first + STAY * AT_ONCE))
    bad = stay // 4 % 20 == 0
    told: Mapping[str, object] = {
        "job": pa.array(1_000_000 + stay // 4).cast(pa.string()), "cluster": pa.array(np.full(len(stay), "lab")), "name": pa.array(np.full(len(stay), "train")),
        "owner": _pool([f"u{n:03d}" for n in range(ACCOUNTS)], stay * 7 % ACCOUNTS), "owner_uid": pa.array(20_000 + stay * 7 % ACCOUNTS),
        "state": _where(bad, "FAILED", "COMPLETED"), "outcome": _where(bad, "FAILED", "COMPLETED"), "exit_code": pa.array(bad.astype(np.int64)),
        "exit_signal": pa.array(np.zeros(len(stay), np.int64)), "submit_ns": pa.array(began - 5_000_000_000), "start_ns": pa.array(began - 1_000_000_000),
        "end_ns": pa.array(ended), "elapsed_s": pa.array((ended - began) // 1_000_000_000), "gpus": pa.array(1 << stay % 4),
        "nodes": _pool(NODES, stay // 4 % len(NODES)), "workdir": pa.array(np.full(len(stay), "/scratch/run")),
        "format": pa.array(np.full(len(stay), "sacct")), "domain": pa.array(np.full(len(stay), "slurm:admin")),
        "sha256": pa.array(np.full(len(stay), _sha256("lab", "sacct"))), "start": pa.array(stay * 200), "stop": pa.array(stay * 200 + 190),
    }  # fmt: skip
    return JOB_RECORD.build(told)


def files() -> pa.Table:
    """The files that all of it is said to come from."""
    rows = (
        [(host, form) for form in ("auditd", "syslog") for host in HOSTS]
        + [(host, "slurmd") for host in NODES]
        + [("lab", "sacct")]
    )
    same = {"bytes": 1, "kind": "file", "held": "referenced", "parsed": 1, "rejected": 0, "ignored": 0}
    return FILE.build({
        "sha256": [_sha256(*row) for row in rows], "path": [f"{host}/var/log/{form}" for host, form in rows],
        "host": [None if host == "lab" else host for host, _ in rows], "origin": [f"/var/log/{form}" for _, form in rows], "format": [form for _, form in rows],
        "domain": [f"{host}:root" if form in {"auditd", "syslog"} else f"{host}:{form}" for host, form in rows],
        **{name: [value] * len(rows) for name, value in same.items()},
    })  # fmt: skip
