"""Findings made by hand from the incident `script_edit`, every span of them read off its real files."""

import hashlib
from functools import cache
from pathlib import Path

from forensics.core import ids, tables

EVIDENCE = Path(__file__).parents[1] / "sample_logs" / "incidents" / "script_edit" / "evidence"
AUDIT, AUTH = "login01/var/log/audit/audit.log", "login01/var/log/auth-iso.log"
CTL, SACCT, GIT = "slurm/slurmctld.log", "slurm/sacct.psv", "git/gitolite/logs/gitolite-2026-11.log"
TRAIN = "/srv/range/proj/llm/train.py"
COMMIT = "38e41d51c6ea70a793765a4a55d901fa35570896"
KEYS = {
    "kai": "SHA256:at6cc/S+G1sY8zJKmRGENswwg5iz2lFujHinSGHVrvs",
    "mei": "SHA256:HIertjEjarXVKc74U8OycZS0+d6tt+ReV3YiU/vKHm0",
    "lin": "SHA256:fbQJF1SdJliVJjEV6nB3yBYk9uL8gV5trcIrPw358ZA",
    "dao": "SHA256:Trd1vNtqF8cKayTU7sNOgW+ocXJyKVxjFJ6w5Md9gIA",
}
DEVICES = {"mei": "127.0.0.11", "kai": "127.0.0.12", "lin": "127.0.0.13", "dao": "127.0.0.14"}
START_NS = 1_795_446_697_000_000_000


@cache
def raw(path):
    return (EVIDENCE / path).read_bytes()


@cache
def sha256(path):
    return hashlib.sha256(raw(path)).hexdigest()


def span(path, needle):
    """The first line of a file that holds the needle."""
    at = raw(path).index(needle.encode())
    start = raw(path).rfind(b"\n", 0, at) + 1
    stop = raw(path).find(b"\n", at) + 1
    return {"sha256": sha256(path), "start": start, "stop": stop or len(raw(path))}


def event(path, needle):
    c = span(path, needle)
    return ids.event_id(c["sha256"], c["start"], c["stop"])


def at(second):
    return f"2026-11-23T15:{11 + second // 60:02d}:{second % 60:06.3f}Z" if isinstance(second, int) else (
        f"2026-11-23T15:{11 + int(second // 60):02d}:{second % 60:06.3f}Z"
    )  # fmt: skip


LOGIN = {
    "kai": (AUTH, "Accepted publickey for kai"),
    "mei": (AUTH, "Accepted publickey for mei"),
    "lin": (AUTH, "Accepted publickey for lin"),
}
EDIT = [(AUDIT, "audit(1795446708.010:5485)"), (AUDIT, "audit(1795446708.014:5490)")]
COMMITTED = [(AUDIT, "audit(1795446709.066:5491)")]
PUSHED = [(GIT, "5311\tupdate"), (GIT, "5311\tssh"), (AUDIT, "audit(1795446710.138:5528)")]
KILL = {"10": [(CTL, "JobId=10 uid 4101"), (AUDIT, 'a0="scancel" a1="10"')], "11": [(CTL, "JobId=11 uid 4101"), (AUDIT, 'a0="scancel" a1="11"')]}  # fmt: skip
POINTS = [*LOGIN.values(), *EDIT, *COMMITTED, *PUSHED, *KILL["10"], *KILL["11"]]


def person(verdict, name=None, **more):
    empty = {
        "strength": None,
        "lr": None,
        "best_rival": None,
        "candidates": [],
        "frame_cost": [],
        "gates": [],
    }
    return {"verdict": verdict, "name": name, **empty, **more}


def reasons(name):
    login = [event(*LOGIN[name])]
    return [
        {"class": "account", "says": [name], "because": [], "domain": None},
        {"class": "key", "says": [name], "because": login, "domain": "login01:root"},
        {"class": "device", "says": [name], "because": login, "domain": "login01:root"},
        {"class": "session", "says": [name], "because": login, "domain": "login01:root"},
    ]


def act(number, kind, thing, when, account, points, judged, **more):
    told = [event(*p) for p in points] + ([event(*LOGIN[account])] if account in LOGIN else [])
    return {
        "id": f"A{number:04d}", "act": kind, "object": thing, "job": None, "link": "not_established", "why_link": None,
        "rule": "by_hand", "when": when, "host": "login01", "origin": "login", "account": account, "effective": account,
        "session": event(*LOGIN[account]) if account in LOGIN else None, "credential": KEYS.get(account),
        "address": DEVICES.get(account), "planted_by": [], "person": judged, "for": told, "against": [], "missing": [],
        "reasons": reasons(account) if account in LOGIN else [], "rivals": [], "asserted": {},
        "citations": [span(*p) for p in points] + ([span(*LOGIN[account])] if account in LOGIN else []), **more,
    }  # fmt: skip


def acts():
    kai = person("attributed", "kai", strength="moderate", best_rival="lin", candidates=["kai"],
                 frame_cost=["git:server", "login01:root"], gates=["G6"])  # fmt: skip
    mei = person("attributed", "mei", strength="moderate", candidates=["mei"], best_rival="kai", frame_cost=["login01:root", "slurm:controller"], gates=["G6"])  # fmt: skip
    rivals = [
        {"name": "lin", "for": [], "against": [event(*LOGIN["kai"])]},
        {"name": "mei", "for": [], "against": [event(*LOGIN["kai"])]},
        {"name": "dao", "for": [], "against": []},
    ]
    lin = {"author": "lin <lin@lab.example>", "committer": "lin <lin@lab.example>"}
    return [
        act(1, "replace_file", TRAIN, [at(48.010), at(48.018)], "kai", EDIT, kai, job="11", link="derived",
            why_link="named_in_script", rivals=rivals),
        act(2, "commit", COMMIT, [at(49), at(50.120)], "kai", COMMITTED, kai, asserted=lin, rivals=rivals,
            against=[event(*LOGIN["lin"])]),
        act(3, "push", "llm refs/heads/main", [at(50), at(50.999)], "kai", PUSHED, kai, asserted=lin, rivals=rivals),
        act(4, "cancel", "10", [at(53.686), at(53.686)], "mei", KILL["10"], mei, job="10", link="observed",
            why_link="scheduler_names_job"),
        act(5, "timestomp", TRAIN, [at(51), at(54)], "mlteam", COMMITTED,
            person("inconclusive", candidates=["kai", "lin"], gates=["G3", "G5"]),
            missing=["second_source_of_session", "key_of_session"]),
        act(6, "cancel", "11", [at(62.281), at(62.281)], "mei", KILL["11"], mei, job="11", link="observed",
            why_link="scheduler_names_job"),
    ]  # fmt: skip


def jobs():
    base = {"cluster": "mlcluster", "owner": "mei", "name": "llm-pretrain", "state": "CANCELLED by 4101", "nodes": "gpu[01-02]", "disagree": []}  # fmt: skip
    return [
        {**base, "job": "10", "outcome": "CANCELLED", "cause": "none", "why": "cancelled_by_owner", "acts": ["A0004"],
         "gpu_hours": [0.0444, 0.0444], "submit": at(42), "start": at(43), "end": at(53),
         "citations": [span(SACCT, "10|10|llm-pretrain"), *(span(*p) for p in KILL["10"][:1])]},
        {**base, "job": "11", "outcome": "CANCELLED", "cause": "act", "why": "job_read_changed_file",
         "acts": ["A0001", "A0006"], "gpu_hours": [0.0311, 0.0311], "submit": at(54), "start": at(55), "end": at(62),
         "citations": [span(SACCT, "11|11|llm-pretrain"), *(span(*p) for p in KILL["11"][:1])]},
    ]  # fmt: skip


def findings():
    """The findings, with every key that the contract and the analysis know."""
    paths = sorted({AUDIT, AUTH, CTL, SACCT, GIT})
    kai, lin = event(*LOGIN["kai"]), event(*LOGIN["lin"])
    return {
        "schema": "findings/1",
        "case": {"title": "Disturbed training jobs on mlcluster", "cluster": "mlcluster", "zone": "Etc/UTC",
                 "window": [at(37), at(67)],
                 "evidence": [{"sha256": sha256(p), "path": p, "bytes": len(raw(p))} for p in paths]},
        "jobs": jobs(),
        "acts": acts(),
        "contradictions": [{"about": f"A0002: commit {COMMIT}", "kind": "asserted_author", "says": [
            {"what": "the commit names lin", "citations": [span(*COMMITTED[0])]},
            {"what": "account kai wrote it", "citations": [span(*EDIT[1])]}]}],
        "gaps": [
            {"source": "login01: audit trail", "kind": "serial_gap", "when": [at(50.650), at(53.5)], "records": 12,
             "matters_for": ["A0003", "A0005"]},
            {"source": "cron log", "kind": "missing_source", "when": [at(37), at(67)], "records": None, "matters_for": []},
        ],
        "claims": [
            {"id": "D01", "by": "kai", "names": "lin", "text": "It was the other intern, lin: the commit carries that name.",
             "status": "contradicted", "why": "acts_in_sessions_of_speaker", "because": ["A0001", "A0002", "A0003"], "missing": []},
            {"id": "D07", "by": "kai", "names": "", "text": "", "status": "untestable", "why": "no_test_in_this_version",
             "because": [], "missing": ["test_of_D07"]},
        ],
        "exculpatory": [
            {"person": "lin", "kind": "named_by_forgeable_field_only", "act": "A0002", "because": [event(*COMMITTED[0])]},
            {"person": "lin", "kind": "act_is_in_another_session", "act": "A0001", "because": [lin, kai]},
            {"person": "lin", "kind": "act_is_in_another_session", "act": "A0003", "because": [lin, kai]},
            {"person": "mei", "kind": "own_job_ran_bytes_of_another", "act": "A0001", "because": [event(*EDIT[1])]},
        ],
        "persons": [
            {"name": n, "role": r, "accounts": [n], "keys": [KEYS[n]], "devices": [DEVICES[n]]}
            for n, r in (("dao", "system administrator"), ("kai", "intern"), ("lin", "intern"), ("mei", "research lead"))
        ],
        "rules": [
            {"id": "cancel", "meaning": "asked the scheduler to end a job", "fired": 2, "evaluated": 3120},
            {"id": "plant", "meaning": "left something that runs later", "fired": 0, "evaluated": 3120},
        ],
        "sources": [{"source": "login01:root: auditd", "format": "auditd", "domain": "login01:root", "files": 1,
                     "bytes": len(raw(AUDIT)), "first": at(37), "last": at(67), "certainty": "C4", "certainty_why": "agreed"}],
        "certainty": {"source": "a paper", "levels": [{"id": "C4", "meaning": "protected"}]},
        "model": {"scale": [{"name": "weak", "from": 2.0, "en": "weak support", "zh": "微弱支持"}]},
        "limits": ["clocks_not_compared", "not_validated", "numbers_are_placeholders"],
        "accounting": {"bytes": 910_000, "parsed": 909_000, "rejected": 400, "ignored": 600},
    }  # fmt: skip


def events():
    """The events that the findings name, as the `event` table."""
    spans = {event(*p): span(*p) for p in POINTS}
    rows = [spans[e] for e in spans]
    return tables.EVENT.build({
        "event_id": list(spans), "earliest_ns": [START_NS + 9_000_000_000] * len(rows),
        "latest_ns": [START_NS + 9_000_000_999] * len(rows), "clock": ["login01:syslog"] * len(rows),
        "format": ["syslog"] * len(rows), "domain": ["login01:root"] * len(rows), "verb": ["other"] * len(rows),
        "citations": [[r] for r in rows], **{k: [r[k] for r in rows] for k in ("sha256", "start", "stop")},
    })  # fmt: skip


def files():
    """The evidence, as the `file` table."""
    rows = findings()["case"]["evidence"]
    size = [r["bytes"] for r in rows]
    return tables.FILE.build({
        "sha256": [r["sha256"] for r in rows], "path": [r["path"] for r in rows], "bytes": size,
        "kind": ["file"] * len(rows), "held": ["copied"] * len(rows), "parsed": size,
        "rejected": [0] * len(rows), "ignored": [0] * len(rows),
    })  # fmt: skip
