"""Timesketch: a JSON object on each line, with `message`, `datetime` and `timestamp_desc`.

Source  https://timesketch.org/guides/user/import-from-json-csv/
Time    `datetime` is the earliest moment the event can have been, `timestamp` the same in microseconds; `latest` beside
        it is the last. Where an event has no time, a timeline has no place for it: it is counted, and left out
Who     `account` is whom the source authenticated, null where it named nobody
"""

from pathlib import Path

from forensics.bundle.exports import Given, Json, Told
from forensics.core import canonical, clock
from forensics.core.words import shown

MEANING = "events, one JSON object a line, for Timesketch and anything that reads JSON lines"
SUFFIX = ".jsonl"
_KEPT = (
    "event_id", "host", "account", "effective", "session", "pid", "address", "credential", "exe", "object_kind", "object", "job",
    "outcome", "format", "domain",
)  # fmt: skip


def write(given: Given, out: Path) -> Told:
    """Write the events that have a time."""
    written = undated = 0
    with out.open("w", encoding="utf-8") as into:
        for event in given.events():
            if event["earliest_ns"] is None:
                undated += 1
                continue
            first, last = int(event["earliest_ns"]), int(event["latest_ns"])
            row = {
                "message": message(event),
                "datetime": clock.written(first).replace("Z", "+00:00"),
                "timestamp": first // 1_000,
                "timestamp_desc": event["verb"],
                "latest": clock.written(last).replace("Z", "+00:00"),
                "data_type": f"forensics:{event['format']}",
                "citation": [f"{c['sha256']}:{c['start']}-{c['stop']}" for c in event["citations"] or ()],
                **{k: event[k] for k in _KEPT if event[k] is not None},
            }
            into.write(canonical.line(row) + "\n")
            written += 1
    return Told(written, undated)


def message(event: Json) -> str:
    """An event in one line: its verb, what it was done to, and by which account, as far as those are known."""
    account = event["account"]
    parts = [
        str(event["verb"]),
        str(event["object"] or event["text"] or ""),
        f"by account {account}" if account else "",
    ]
    return shown(" ".join(p for p in parts if p))
