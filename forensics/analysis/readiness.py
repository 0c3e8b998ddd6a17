"""What the logging in force could not have answered: for each denial, which source is missing, and what would give it.

What is there is read off the evidence: that a source was never collected and that it was never written look
the same from here, and are both said as `not_seen`. The sources, how they show and their configuration are
data, in `readiness.toml`.
"""

import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files as resources
from typing import Any

import pandas as pd

from forensics.analysis.evidence import picked
from forensics.analysis.gaps import ACCOUNTS, CONTROLS
from forensics.analysis.trails import TRAILS
from forensics.core.messageevents import SYSTEM_LOGS

Json = dict[str, Any]
KINDS = (
    "audit_rules", "sshd_config", "slurm_conf", "git_config", "sudoers", "rsyslog_conf", "chrony_conf", "shell", "note",
)  # fmt: skip
CLASSES: Mapping[str, frozenset[str]] = {
    "trail": frozenset(TRAILS) - SYSTEM_LOGS,
    "system_log": SYSTEM_LOGS,
    "controller": CONTROLS,
    "accounting": ACCOUNTS,
}
"""Formats that a source may name together."""
ANSWERS = {
    "answerable": "a source of every kind that the denial needs is seen, on every host where that is asked",
    "in_part": "some of what the denial needs is seen",
    "not_answerable": "nothing of what the denial needs is seen",
    "outside_logs": "the denial is about what no log holds; a record beside the logs would have to be kept",
}
STATUSES = {
    "seen": "seen on every host collected, or at the site",
    "seen_on_some": "seen on some of the hosts collected",
    "not_seen": "not seen: not written, or not collected",
}
COLUMNS = ("format", "domain", "verb", "host", "text", "object", "credential", "earliest_ns", "latest_ns")
"""The columns of events that are looked at."""


@dataclass(frozen=True, slots=True)
class Source:
    """A source that denials need, how it shows, and the configuration that gives it."""

    name: str
    says: str
    scope: str
    seen: tuple[Mapping[str, Any], ...]
    place: str
    kind: str
    config: str


@dataclass(frozen=True, slots=True)
class Wanted:
    """The sources by name, and for each denial the groups of which it needs one each."""

    sources: Mapping[str, Source]
    denials: Mapping[str, tuple[tuple[str, ...], ...]]


@cache
def wanted() -> Wanted:
    """What `readiness.toml` says."""
    found = tomllib.loads(
        resources("forensics.analysis").joinpath("readiness.toml").read_text(encoding="utf-8")
    )
    sources = {
        name: Source(
            name, s["says"], s["scope"], tuple(s["seen"]), s["place"], s["kind"], s["config"].strip() + "\n"
        )
        for name, s in found["source"].items()
    }
    denials = {
        name: tuple(tuple(group) for group in d["needs"]) for name, d in sorted(found["denial"].items())
    }
    return Wanted(sources, denials)


def readiness(events: pd.DataFrame, files: pd.DataFrame, rules: Mapping[str, str]) -> Json:
    """What could be answered, and what would have to be switched on.

    Args:
        events: schema `event`, at least `COLUMNS`.
        files: schema `file`.
        rules: text of collected audit rules files, by the path they were collected under, `<host>/<path there>`.

    Returns:
        `hosts`; `denials` with their answer and what is missing; `sources` with where each is seen; and
        `configuration` for those that are not, each once.
    """
    hosts = sorted({h for h in files["host"] if isinstance(h, str)})
    seen = {name: _seen(source, events, files, rules, hosts) for name, source in wanted().sources.items()}
    denials = [_denial(name, groups, seen) for name, groups in wanted().denials.items()]
    lacking = {s for d in denials for s in d["missing"]}
    return {
        "hosts": hosts,
        "denials": denials,
        "sources": [{"source": n, "says": wanted().sources[n].says, **seen[n]} for n in sorted(seen)],
        "configuration": [_configuration(wanted().sources[n], denials) for n in sorted(lacking)],
    }


def _seen(
    source: Source, events: pd.DataFrame, files: pd.DataFrame, rules: Mapping[str, str], hosts: Sequence[str]
) -> Json:
    """Where a source is seen, and on which of the hosts collected it is not."""
    found: set[str | None] = set()
    for how in source.seen:
        found |= _where(how, events, files, rules)
    without = [h for h in hosts if h not in found] if source.scope == "host" else []
    status = "not_seen" if not found else "seen_on_some" if without else "seen"
    return {"status": status, "on": sorted(h for h in found if h is not None), "not_on": without}


def _where(
    how: Mapping[str, Any], events: pd.DataFrame, files: pd.DataFrame, rules: Mapping[str, str]
) -> set[str | None]:
    if how.get("always"):
        return {None}
    if "rule" in how:
        line = re.compile(how["rule"], re.MULTILINE)
        return {
            path.partition("/")[0] for path, text in rules.items() if line.search(_without_comments(text))
        }
    if "path" in how:
        named = re.compile(how["path"])
        return {_host(h) for h, p in zip(files["host"], files["path"], strict=True) if named.search(p)}
    return {_host(h) for h in _matching(how, events)["host"].unique()}


def _without_comments(text: str) -> str:
    return "\n".join(line.strip() for line in text.splitlines() if not line.lstrip().startswith("#"))


def _host(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _matching(how: Mapping[str, Any], events: pd.DataFrame) -> pd.DataFrame:
    rows = events
    if "formats" in how:
        rows = picked(rows, rows["format"].isin(_formats(how["formats"])))
    if "verbs" in how:
        rows = picked(rows, rows["verb"].isin(how["verbs"]))
    if "finer_ns" in how:
        rows = rows[
            (rows["latest_ns"] - rows["earliest_ns"] + 1 < how["finer_ns"]).fillna(value=False).astype(bool)
        ]
    for column, test in (("text", _searching), ("object", _searching), ("credential", _beginning)):
        if column in how and len(rows):
            held = test(how[column])
            rows = rows[[isinstance(v, str) and held(v) for v in rows[column]]]
    if how.get("elsewhere") and len(rows):
        rows = rows[
            [
                isinstance(h, str) and str(d).partition(":")[0] != h
                for h, d in zip(rows["host"], rows["domain"], strict=True)
            ]
        ]
    return rows


def _searching(pattern: str) -> Any:  # noqa: ANN401 - a test of a text
    found = re.compile(pattern)
    return lambda text: found.search(text) is not None


def _beginning(prefix: str) -> Any:  # noqa: ANN401 - a test of a text
    return lambda text: text.startswith(prefix)


def _formats(names: Iterable[str]) -> set[str]:
    return {form for name in names for form in CLASSES.get(name, frozenset({name}))}


def _denial(name: str, groups: Sequence[Sequence[str]], seen: Mapping[str, Json]) -> Json:
    """A denial with its answer: each group is met where one of its sources is seen wherever it is wanted."""
    met = [[s for s in group if seen[s]["status"] == "seen"] for group in groups]
    some = [[s for s in group if seen[s]["status"] != "not_seen"] for group in groups]
    outside = all(
        wanted().sources[s].kind == "note" and not wanted().sources[s].seen for g in groups for s in g
    )
    if outside:
        answer = "outside_logs"
    elif all(met):
        answer = "answerable"
    else:
        answer = "in_part" if any(some) else "not_answerable"
    return {
        "denial": name,
        "answer": answer,
        "seen": [s for group in some for s in group],
        "missing": [s for group, ok in zip(groups, met, strict=True) if not ok for s in group],
    }


def _configuration(source: Source, denials: Iterable[Json]) -> Json:
    return {
        "source": source.name,
        "for": [d["denial"] for d in denials if source.name in d["missing"]],
        "kind": source.kind,
        "place": source.place,
        "text": source.config,
    }
