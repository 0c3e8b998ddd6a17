"""Slurm's trackable resources, `cpu=2,mem=7000M,node=1,gres/gpu=16`, as numbers with units.

An energy that the controller never metered is written as a mark past what a column holds, and is null.
"""

import re
from typing import NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from forensics.core import loose

_UNITS = {"": 0, "K": 10, "M": 20, "G": 30, "T": 40, "P": 50}
_DECIMAL = {"": 1, "K": 10**3, "M": 10**6, "G": 10**9, "T": 10**12}
_SIZE = re.compile(r"(?P<whole>[0-9]{1,15})(?:\.(?P<part>[0-9]{1,6}))?(?P<unit>[KMGTP]?)(?:B|n|c)?")
_ONE = re.compile(r"(?:^|,)(?P<name>[a-z]+(?:/[A-Za-z0-9_.:-]+)?)=(?P<amount>[^,]*)(?=,|$)")
_INT64 = 2**63


class Amounts(NamedTuple):
    """Columns of numbers: GPUs, processors, nodes, memory in bytes, energy in joules."""

    gpus: pa.Array
    cpus: pa.Array
    nodes: pa.Array
    memory_bytes: pa.Array
    energy_j: pa.Array


def told(written: pa.Array) -> Amounts:
    """The resources of each text; null where none is written, and 0 GPUs where others are."""
    coded = loose.dictionary(written)
    rows = [_amounts(text) for text in coded.dictionary.to_pylist()]
    return Amounts(*(
        pa.array([row[at] for row in rows], pa.int64()).take(coded.indices) for at in range(5)
    ))  # fmt: skip


def _amounts(text: str) -> tuple[int | None, ...]:
    if not text:
        return (None,) * 5
    found = {m["name"]: m["amount"] for m in _ONE.finditer(text)}
    cpus, nodes = (_count(found.get(name, "")) for name in ("cpu", "node"))
    return gpus(text), cpus, nodes, size(found.get("mem", "")), _count(found.get("energy", ""))


def gpus(text: str) -> int:
    """GPUs in a text: the sum of types is told again by the whole."""
    whole = re.search(r"(?:^|,)gres/gpu=([0-9]{1,9})(?:,|$)", text)
    typed = re.findall(r"(?:^|,)gres/gpu:[^=,]+=([0-9]{1,9})(?=,|$)", text)
    return int(whole[1]) if whole else sum(map(int, typed))


def _count(text: str) -> int | None:
    number = int(text) if re.fullmatch(r"[0-9]{1,20}", text) else None
    return number if number is not None and number < _INT64 else None


def size(text: str) -> int | None:
    """A size of memory in bytes: a unit is 1,024 of the one below. `7000Mn` is 7000 MiB for each node."""
    found = _SIZE.fullmatch(text)
    if found is None:
        return None
    part = found["part"] or ""
    shift = _UNITS[found["unit"]]
    number = (int(found["whole"] + part) << shift) // 10 ** len(part)
    return number if number < _INT64 else None


def counts(written: pa.Array) -> pa.Array:
    """Plain numbers in digits; null where there is none."""
    good = pc.match_substring_regex(written, r"^[0-9]{1,18}$")
    return pc.if_else(pc.fill_null(good, False), written, pa.scalar(None, pa.string())).cast(pa.int64())


def joules(written: pa.Array) -> pa.Array:
    """Energy as accounting writes it, `15.01K` or `15010`, in J: a unit is 1,000 of the one below."""
    coded = written.dictionary_encode()
    return pa.array([_joules(text) for text in coded.dictionary.to_pylist()], pa.int64()).take(coded.indices)


def _joules(text: str) -> int | None:
    found = re.fullmatch(r"(?P<whole>[0-9]{1,18})(?:\.(?P<part>[0-9]{1,6}))?(?P<unit>[KMGT]?)", text)
    if found is None:
        return None
    part = found["part"] or ""
    number = int(found["whole"] + part) * _DECIMAL[found["unit"]] // 10 ** len(part)
    return number if number < _INT64 else None
