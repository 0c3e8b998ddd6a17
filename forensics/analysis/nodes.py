"""Lists of nodes as schedulers write them."""

import re
from collections.abc import Iterable

_MOST_NODES = 4096
_PART = re.compile(r"(?P<head>[^\[\],]*)(?:\[(?P<spans>[0-9,-]{1,4000})\](?P<tail>[^\[\],]*))?")


def expanded(nodes: str | None) -> list[str]:
    """The hosts of `gpu[01-03,07],login1`, as the scheduler writes them; at most 4,096, none where it is no such text."""
    found: list[str] = []
    for part in _PART.finditer(nodes or ""):
        if part["spans"] is None:
            found += [part["head"]] if part["head"] else []
            continue
        for span in part["spans"].split(","):
            found += [f"{part['head']}{n}{part['tail']}" for n in _numbers(span, _MOST_NODES - len(found))]
    return found[:_MOST_NODES]


def _numbers(span: str, most: int) -> Iterable[str]:
    first, dash, last = span.partition("-")
    if not first.isdigit() or (dash and not last.isdigit()):
        return []
    width = len(first)
    stop = int(last) if dash else int(first)
    return (str(n).zfill(width) for n in range(int(first), min(stop, int(first) + most - 1) + 1))
