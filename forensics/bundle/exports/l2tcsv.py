"""Log2timeline's CSV: seventeen columns, which many timeline viewers read.

Source  log2timeline's l2t_csv output, as Plaso documents it (docs/sources/user/Output-and-formatting)
Time    the earliest moment, to the second, in UTC; `extra` has both ends in full. Events without a time are left out
Open    a comma in a value becomes a space, and what a spreadsheet would take for a formula is put behind an apostrophe
"""

from pathlib import Path

from forensics.bundle.exports import Given, Told
from forensics.bundle.exports.timesketch import message
from forensics.core import clock
from forensics.core.words import cell

MEANING = "events in the seventeen columns of log2timeline, for timeline viewers"
SUFFIX = ".csv"
HEADER = "date,time,timezone,MACB,source,sourcetype,type,user,host,short,desc,version,filename,inode,notes,format,extra"
_MACB = {
    "write": "M...", "truncate": "M...", "read": ".A..", "open": ".A..", "attributes": "..C.", "rename": "..C.", "link": "..C.", "create": "...B",
}  # fmt: skip


def write(given: Given, out: Path) -> Told:
    """Write the events that have a time."""
    written = undated = 0
    with out.open("w", encoding="utf-8", newline="") as into:
        into.write(HEADER + "\n")
        for event in given.events():
            if event["earliest_ns"] is None:
                undated += 1
                continue
            stamp = clock.written(int(event["earliest_ns"]))
            path = event["object"] if event["object_kind"] == "path" else None
            said = message(event)
            row = (
                f"{stamp[5:7]}/{stamp[8:10]}/{stamp[:4]}", stamp[11:19], "UTC", _MACB.get(event["verb"], "...."), "LOG", event["format"],
                event["verb"], event["account"], event["host"], said[:80], said, "2", path, event["inode"], event["domain"],
                "forensics", f"event: {event['event_id']} earliest: {stamp} latest: {clock.written(int(event['latest_ns']))}",
            )  # fmt: skip
            into.write(",".join(_held(value) for value in row) + "\n")
            written += 1
    return Told(written, undated)


def _held(value: object) -> str:
    """A value without a comma or a line end; `-` where there is none."""
    return "-" if value is None or value == "" else cell(str(value)).replace(",", " ").replace('"', "'")
