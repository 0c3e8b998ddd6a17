"""A table of events from a seed, written as the store writes it: in order of time, in parts as ingest makes them.

Sixty hosts, four hundred accounts, one event every tenth of a second or so; one in two hundred names a
job, whose numbers rise with time.
"""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from forensics.core.tables import EVENT
from forensics.pipeline.ordering import named
from forensics.pipeline.tell import PART_ROWS
from forensics.store import footers, parquet

SEED = 20261123
BEGAN_NS = 1_795_446_697_000_000_000
EVERY_NS = 100_000_000
JOB_EVENTS = 100
ACCOUNTS = 400
HOSTS = [f"gpu{n:02d}" for n in range(60)]
VERBS = ["execute", "read", "write", "create", "login", "other"]
BLOCK = PART_ROWS


def _drawn(chance: np.random.Generator, words: list[str], count: int) -> pa.Array:
    return pa.array(words).take(pa.array(chance.integers(0, len(words), count)))


def _names(prefix: str, numbers: np.ndarray) -> pa.Array:
    return pa.array([f"{prefix}{n}" for n in range(ACCOUNTS)]).take(pa.array(numbers))


def block(first: int, count: int) -> pa.Table:
    """The events from the `first`, as the declared table; a function of their numbers alone."""
    chance = np.random.default_rng([SEED, first])
    number = np.arange(first, first + count)
    # In order, with pauses of minutes now and then, so that runs of activity end.
    moment = (
        BEGAN_NS
        + number * EVERY_NS
        + (number // 50_000) * 600_000_000_000
        + chance.integers(0, EVERY_NS, count)
    )
    sha256 = pa.array(["0123456789abcdef" * 4]).take(pa.array(np.zeros(count, np.int8)))
    start, stop = pa.array(number * 300), pa.array(number * 300 + 290)
    job = pa.array(np.where(number % 200 == 0, 1_000_000 + number // (200 * JOB_EVENTS), 0))
    # For ten minutes or so forty pairs of host and account are at work, then others.
    pair = (number // 6_000 * 37 + chance.integers(0, 40, count) * 613) % (len(HOSTS) * ACCOUNTS)
    host, account = pa.array(HOSTS).take(pa.array(pair % len(HOSTS))), _names("u", pair // len(HOSTS))
    cited = pa.StructArray.from_arrays([sha256, start, stop], ["sha256", "start", "stop"])
    nothing = pa.scalar(None, pa.string())
    told = {
        "event_id": pc.binary_join_element_wise(
            "0123456789abcdef", start.cast(pa.string()), stop.cast(pa.string()), "."
        ),
        "earliest_ns": pa.array(moment),
        "latest_ns": pa.array(moment + 999_999),
        "clock": host,
        "format": _drawn(chance, ["auditd"], count),
        "domain": host,
        "verb": _drawn(chance, VERBS, count),
        "host": host,
        "account": account,
        "effective": account,
        **{name: pa.array(chance.integers(1000, 4_000_000, count)) for name in ("pid", "ppid")},
        "exe": _drawn(chance, [f"/usr/bin/tool{n}" for n in range(300)], count),
        "object": _drawn(chance, [f"/srv/proj/run{n}/train.py" for n in range(20_000)], count),
        "job": pc.if_else(pc.greater(job, 0), job.cast(pa.string()), nothing),
        "citations": pa.ListArray.from_arrays(pa.array(np.arange(count + 1), pa.int32()), cited),
        "sha256": sha256,
        "start": start,
        "stop": stop,
    }
    return EVENT.build(told)


def written(tables: Path, count: int) -> Path:
    """Write that many events where they are not there yet."""
    if not (tables / "whole").exists():
        for n, first in enumerate(range(0, count, BLOCK)):
            with parquet.Part(tables, EVENT, named(n), group_rows=parquet.LARGE_GROUP_ROWS) as out:
                out.add(block(first, min(BLOCK, count - first)))
        footers.note(tables, EVENT.name)
        (tables / "whole").touch()
    return tables


def stays(count: int, jobs: int) -> pa.Table:
    """Where jobs ran: each an hour or so on one host, at moments spread over the time of the events."""
    chance = np.random.default_rng([SEED, jobs])
    span = count * EVERY_NS + count // 50_000 * 600_000_000_000
    began = BEGAN_NS + np.sort(chance.integers(0, span, jobs))
    return pa.table(
        {
            "job": pa.array(np.arange(1_000_000, 1_000_000 + jobs)).cast(pa.string()),
            "host": _drawn(chance, HOSTS, jobs),
            "start_ns": pa.array(began),
            "end_ns": pa.array(began + chance.integers(60, 7_200, jobs) * 1_000_000_000),
        }
    )
