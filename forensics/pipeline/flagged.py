"""Flags: the rules that were given with a case, put to its events. They come after everything else and change none of it."""

from pathlib import Path
from typing import Any

from forensics.core import clock
from forensics.core.flagrules import Rule
from forensics.store import flags


def found(tables: Path, rules: tuple[Rule, ...]) -> list[dict[str, Any]]:
    """What each rule flags, as the findings have it."""
    return [
        {
            "rule": each.rule.id,
            "title": each.rule.title,
            "level": each.rule.level,
            "path": each.rule.path,
            "line": each.rule.line,
            "sha256": each.rule.sha256,
            "flagged": each.total,
            "events": [
                {
                    "event": e["event_id"],
                    "when": None
                    if e["earliest_ns"] is None
                    else [clock.written(e["earliest_ns"]), clock.written(e["latest_ns"])],
                    "citations": [
                        {"sha256": c["sha256"], "start": c["start"], "stop": c["stop"]}
                        for c in e["citations"]
                    ],
                }
                for e in each.events
            ],
        }
        for each in flags.find(tables, rules)
    ]
