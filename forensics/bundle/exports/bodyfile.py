"""The Sleuth Kit's body file, version 3: what happened to files, for `mactime`.

    0|/srv/proj/train.py (write, account kai, login01)|0|0|4102|0|0|0|1795446709|0|0

Source  https://wiki.sleuthkit.org/index.php?title=Body_file
Time    whole seconds, the earliest moment; one line for each event, whose one time is that of the event
Open    a body file says when a file's times stood, and has no word for who: the name carries verb, account and host.
        Events that are not about a path, or have no time, are left out
"""

from pathlib import Path

from forensics.bundle.exports import Given, Told
from forensics.core.clock import NS_PER_S
from forensics.core.words import shown

MEANING = "what happened to files, for mactime"
SUFFIX = ".body"
_PLACE = {
    "read": 0,
    "open": 0,
    "execute": 0,
    "write": 1,
    "truncate": 1,
    "delete": 2,
    "rename": 2,
    "link": 2,
    "attributes": 2,
    "utimes": 2,
    "create": 3,
}
"""Which of the four times a verb moves: accessed, modified, changed, born."""


def write(given: Given, out: Path) -> Told:
    """Write the events about paths that have a time."""
    written = undated = 0
    with out.open("w", encoding="utf-8", newline="") as into:
        for event in given.events():
            if event["object_kind"] != "path" or event["verb"] not in _PLACE or not event["object"]:
                continue
            if event["earliest_ns"] is None:
                undated += 1
                continue
            times = ["0"] * 4
            times[_PLACE[event["verb"]]] = str(int(event["earliest_ns"]) // NS_PER_S)
            note = ", ".join(
                str(v)
                for v in (event["verb"], event["account"] and f"account {event['account']}", event["host"])
                if v
            )
            name = shown(f"{event['object']} ({note})").replace("|", "\\x7c")
            inode = str(event["inode"] or "0").rpartition(":")[2]
            uid = str(event["uid"] if event["uid"] is not None else 0)
            into.write(
                "|".join(["0", name, inode if inode.isdigit() else "0", "0", uid, "0", "0", *times]) + "\n"
            )
            written += 1
    return Told(written, undated)
