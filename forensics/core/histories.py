"""What histories of all shells are taken to tell alike: that this command stands in an account's history.

The file belongs to its user, who can write anything into it, so it tells what somebody wanted kept as
much as what was typed. The account is the owner of the home folder it was collected from; with whose
rights a command ran, and who sat at the keys, no history says.
"""

import re

import pyarrow as pa
import pyarrow.compute as pc

from forensics.core import hostevents
from forensics.core.clock import Interval
from forensics.core.hostevents import NOTHING, Placed
from forensics.core.tables import EVENT


def events(
    rows: Placed,
    form: str,
    times: dict[str, pa.Array],
    commands: pa.Array,
    *,
    own: str,
    verb: str = "command",
) -> pa.Table:
    """One event for each command and path.

    Args:
        rows: commands, beside the files they stand in.
        form: name of the format.
        times: `earliest_ns`, `latest_ns` and `clock`; empty where the format has no times.
        commands: the command of each row; an empty one is none, and gives `other`.
        own: pattern of the paths, below a home, at which the shell keeps its history.
        verb: what a command of this history is.
    """
    account = accounts(pc.coalesce(rows.files["origin"], rows.files["path"]), own)
    empty = pc.equal(commands, "")
    return EVENT.build(
        {
            **hostevents.columns(rows, form),
            **times,
            "verb": pc.if_else(empty, "other", verb),
            "host": rows.files["host"],
            "account": account,
            "account_absence": hostevents.absence(account),
            "text": pc.if_else(empty, "a time without a command", hostevents.short(commands)),
        }
    )


def accounts(paths: pa.Array, own: str) -> pa.Array:
    """The account in whose home each file lies, where its path below the home is one of `own`; else null."""
    distinct = paths.dictionary_encode()
    homes = [hostevents.home(path) for path in distinct.dictionary.to_pylist()]
    fits = re.compile(own)
    names = [found[0] if found and fits.fullmatch(found[1]) else None for found in homes]
    return pa.array(names, pa.string()).take(distinct.indices)


def timed(when: Interval, rows: Placed, form: str) -> dict[str, pa.Array]:
    """When, by the clock of the host."""
    return hostevents.times(when, rows.files["host"], rows, form)


def untimed(count: int) -> dict[str, pa.Array]:
    """No time at all."""
    nothing = pa.nulls(count, pa.int64())
    return {"earliest_ns": nothing, "latest_ns": nothing, "clock": pa.array([None] * count, pa.string())}


def between(after_s: pa.Array, before_s: pa.Array, clock: pa.Array) -> dict[str, pa.Array]:
    """From one time to another, in whole seconds, both included; `clock` says that neither is its own.

    Null where either is, and where they are in no order: then nothing is known.
    """
    ordered = pc.fill_null(pc.less_equal(after_s, before_s), False)
    second = 1_000_000_000
    sound = pc.and_(ordered, pc.fill_null(pc.less(before_s, 2**63 // second - 1), False))
    kept_after, kept_before = (
        pc.if_else(sound, column, pa.scalar(None, pa.int64())) for column in (after_s, before_s)
    )
    return {
        "earliest_ns": pc.multiply(kept_after, second),
        "latest_ns": pc.add(pc.multiply(kept_before, second), second - 1),
        "clock": pc.if_else(sound, pc.binary_join_element_wise(clock, "between", ":"), NOTHING),
    }
