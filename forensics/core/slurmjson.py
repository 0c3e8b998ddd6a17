"""The JSON that Slurm's commands print: one object with a list `jobs`, and how its values are framed.

A number is plain, or `{"set": true, "infinite": false, "number": 0}`.
"""

import re
from collections.abc import Callable, Mapping

from forensics.core import jsonlists
from forensics.core.model import Parsed
from forensics.core.schema import Table

JOBS = re.compile(rb'"jobs"\s*:\s*\[\s*(?:\]|\{)')
_SET = re.compile("[\udc80-\udcff]")


def parse(
    data: bytes, base: int, table: Table, read: Callable[[Mapping[str, object]], dict[str, object] | None]
) -> Parsed:
    """Read the jobs of one file. `read` gives the columns of one job, or None where it has no number."""
    return jsonlists.parse(data, base, table, read, key="jobs")


def inner(whole: Mapping[str, object], key: str) -> Mapping[str, object]:
    """What stands under a key, where it is an object; an empty one where it is none."""
    found = whole.get(key)
    return found if isinstance(found, dict) else {}


def text(value: object) -> str | None:
    r"""A string that Arrow can hold: bytes that are no UTF-8 as `\xNN`. Null where it is empty."""
    if not isinstance(value, str) or not value:
        return None
    seen = _SET.sub(lambda m: f"\\x{ord(m[0]) - 0xDC00:02x}", value)
    return seen.encode("utf-8", "backslashreplace").decode("utf-8")


def words(value: object) -> str | None:
    """A word, or a list of words."""
    if isinstance(value, list):
        return ",".join(word for word in map(text, value) if word) or None
    return text(value)


def number(value: object) -> int | None:
    """A number, plain or in its frame; null where it is not set, infinite, or none that int64 holds."""
    if isinstance(value, dict):
        value = (
            value.get("number") if value.get("set") is True and value.get("infinite") is not True else None
        )
    whole = isinstance(value, int) and not isinstance(value, bool) and -(2**63) <= value < 2**63
    return value if whole and isinstance(value, int) else None


def moment(value: object) -> int | None:
    """Seconds since 1970. The writer's 0 means that there is no such moment."""
    return number(value) or None


def exits(value: object) -> tuple[int | None, int | None]:
    """Exit code and signal."""
    if not isinstance(value, dict):
        return number(value), None
    signal = inner(value, "signal")
    told = signal.get("signal_id", signal.get("id"))
    return number(value.get("return_code")), number(told)


def gpus(tres: object) -> int | None:
    """GPUs among resources: the sum of types is told again by the whole."""
    if not isinstance(tres, list) or not tres:
        return None
    rows = [t for t in tres if isinstance(t, dict) and t.get("type") == "gres"]
    told = [(text(t.get("name")) or "", number(t.get("count")) or 0) for t in rows]
    whole = [count for name, count in told if name == "gpu"]
    return whole[0] if whole else sum(count for name, count in told if name.startswith("gpu:"))


def amount(tres: object, kind: str) -> int | None:
    """How much there is of one kind of resource, such as `cpu`; null where the writer has no number for it."""
    rows = tres if isinstance(tres, list) else ()
    told = [number(row.get("count")) for row in rows if isinstance(row, dict) and row.get("type") == kind]
    return told[0] if told and told[0] is not None and told[0] >= 0 else None
