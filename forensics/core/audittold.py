"""Which lines of its own the kernel put beside a system call, which account was changed, and what was typed at a terminal."""

import re
from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from forensics.core.auditevents import Scene
from forensics.core.auditlines import shown
from forensics.core.coded import coded

# What the kernel says of its own accord beside the call that made it: a refusal, a module, a table of rules.
_TELLING = r"^(?:AVC|USER_AVC|SELINUX_ERR|SECCOMP|KERN_MODULE|NETFILTER_CFG|ANOM_[A-Z_]+|MAC_[A-Z_]+|INTEGRITY_[A-Z_]+|BPF|FANOTIFY|UNKNOWN\[[0-9]+\])$"
_TERMINALS = ("TTY", "USER_TTY")
_DATA = re.compile(r'(?:^| )data=(?:"(?P<plain>[^"]*)"|(?P<coded>(?:[0-9A-F]{2})+))(?: |$)')


def beside(scene: Scene) -> pa.Array:
    """For each event, the types of telling lines that do not lead it; null where there is none.

    Their words stay in the records: which of them a line keeps hangs on which lines lie in its frame.
    """
    kinds, event = scene.listed("types")
    held = coded(kinds)
    telling = [kind is not None and re.fullmatch(_TELLING, str(kind)) is not None for kind in held.values]
    rows = np.flatnonzero(np.array(telling)[held.number])
    lead = scene.type.take(pa.array(event[rows])).to_pylist()
    said: dict[int, dict[str, None]] = {}
    for at, kind, leads in zip(
        event[rows].tolist(), kinds.take(pa.array(rows)).to_pylist(), lead, strict=True
    ):
        if kind != leads:
            said.setdefault(at, {})[kind] = None
    found = pa.nulls(scene.count, pa.string())
    if not said:
        return found
    mask = np.zeros(scene.count, bool)
    mask[list(said)] = True
    told = [" ".join(said[at]) for at in sorted(said)]
    return pc.replace_with_mask(found, pa.array(mask), pa.array(told, pa.string()))


def changed(
    scene: Scene, events: pa.Array, edited: pa.Array, named: Callable[[pa.Array], pa.Array]
) -> tuple[pa.Array, pa.Array]:
    """The number and the account that the lines of some events are about, as `id=1007` and `acct=dao`.

    Of a changed account the number is told, and where the line has it alone, the name that the daemon had for it.
    """
    nothing = pa.scalar(None, pa.string())
    number = pc.binary_join_element_wise("id", scene.some("id", events, leading=True).cast(pa.string()), "=")
    told = named(scene.some("id_name", events, leading=True))
    name = pc.coalesce(scene.some("acct", events, leading=True), pc.if_else(edited, told, nothing))
    return pc.if_else(edited, number, nothing), pc.binary_join_element_wise("acct", name, "=")


def typed(kind: pa.Array, fields: pa.Array) -> pa.Array:
    """Keystrokes, decoded, control characters among them; null for an event that holds none."""
    rows = np.flatnonzero(np.asarray(pc.is_in(kind, pa.array(_TERMINALS))))
    found = pa.nulls(len(kind), pa.string())
    if not len(rows):
        return found
    mask = np.zeros(len(kind), bool)
    mask[rows] = True
    told = [_keys(text or "") for text in fields.take(pa.array(rows)).to_pylist()]
    return pc.replace_with_mask(found, pa.array(mask), pa.array(told, pa.string()))


def _keys(fields: str) -> str | None:
    data = _DATA.search(fields)
    if data is None:
        return None
    return data["plain"] if data["plain"] is not None else shown(bytes.fromhex(data["coded"]))
