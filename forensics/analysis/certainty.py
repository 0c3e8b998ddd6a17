"""How certain the records of a source are by themselves, on Casey's scale of C0 to C6.

It speaks of the data alone: who could have written them, whether another trust domain bears them out, what is
missing. It never enters a ratio, and no ratio enters it.

Source: `certainty.toml`, which holds the scale, its source, and which level this program gives.
"""

import tomllib
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.resources import files
from typing import Any

from forensics.analysis.examination import Examination
from forensics.analysis.hypotheses import reach

Json = dict[str, Any]
Source = tuple[str, str]
"""A format and a trust domain."""


@cache
def _held() -> Mapping[str, Any]:
    return tomllib.loads(files(__package__).joinpath("certainty.toml").read_text(encoding="utf-8"))


def scale() -> Json:
    """The scale as findings hold it: where it is from, and what each level means."""
    return {"source": _held()["source"], "levels": [dict(level) for level in _held()["level"]]}


def level(domain: str, why: str) -> str:
    """The level of a source.

    Args:
        domain: its trust domain.
        why: `alone`, `agreed`, `gap` or `contradicted`.
    """
    standing = {s["reach"]: s for s in _held()["standing"]}
    return str(standing[reach(domain)][why])


def reasons(done: Examination) -> dict[Source, str]:
    """What decides the level of each source that is not alone; the gravest of several.

    `contradicted`: a session is told differently by it and another source; `gap`: records of it are known to be
    missing, or dated with less certainty; `agreed`: it tells of an act or a session together with another trust domain.
    """
    events = done.scene.events
    places = zip(events["format"], events["domain"], strict=True)
    known: dict[str, Source] = dict(zip(events["event_id"], places, strict=True))
    told = [act.events for act in done.acts] + [s.events for s in done.sessions if not s.contradicts]
    found = dict.fromkeys(_together(known, told), "agreed")
    missing = [
        gap for gap in done.gaps if gap.kind != "missing_source" and not gap.kind.startswith("source_")
    ]
    holed = {known[e] for gap in missing for e in gap.events if e in known}
    hosts = {gap.host for gap in missing if gap.host is not None and not gap.events}
    holed |= {source for source in set(known.values()) if source[1].rpartition(":")[0] in hosts}
    found |= dict.fromkeys(holed, "gap")
    disputed = [s.events for s in done.sessions if s.contradicts]
    return found | dict.fromkeys(_together(known, disputed), "contradicted")


def _together(known: Mapping[str, Source], groups: Iterable[Iterable[str]]) -> set[Source]:
    """The sources that tell of one thing with another trust domain beside them."""
    found: set[Source] = set()
    for group in groups:
        sources = {known[event] for event in group if event in known}
        if len({domain for _, domain in sources}) > 1:
            found |= sources
    return found
