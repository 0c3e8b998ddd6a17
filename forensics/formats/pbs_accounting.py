"""PBS accounting (PBS Professional, OpenPBS, TORQUE): one line for each step in a job's life.

    11/23/2026 15:11:53;D;11.pbs01;requestor=kai@login01

Shape   <wall clock>;<code>;<job>;<key>=<value> …, a blank between
Source  PBS Professional 2022 Administrator's Guide, "Accounting"; TORQUE 6.1 Administrator Guide, 9.1; src/server/accounting.c.
        Energy: OpenPBS pbs_resources(7B), `energy`, in kWh; TORQUE src/resmom/cray_energy.c, `energy_used`, in J
Time    the server's wall clock, to the second, no zone; ctime, start and end count from 1970 in UTC, so the
        zone that an operator names can be checked against them
Who     `requestor` asked for a deletion (codes D, k, K), as the server authenticated; `user` owns the job and
        may have done nothing; `owner` is who submitted it, and from where
Open    jobname, account, project and argument_list are typed by users, line ends too. A line in which a key that says who or
        when comes twice says two things, and is rejected. A code that we have not met is still a record
"""

import re
from collections.abc import Mapping

import pyarrow as pa
import pyarrow.compute as pc

from forensics.core import lines, tres
from forensics.core.model import SPAN, Parsed, Why
from forensics.core.schema import Column, Table

_NONE = "not in this record"
_S = "s since 1970-01-01T00:00:00Z"
TABLE = Table(
    "pbs_accounting",
    "a step in the life of a job or of a reservation",
    (
        Column("wall", pa.string(), "local wall clock as written"),
        Column("code", pa.string(), "Q queued, S started, E ended, D deleted, A aborted, R run again, and others"),
        Column("job", pa.string(), "job or reservation with its server, an array's task as `11[3].pbs01`"),
        Column("server", pa.string(), "server that gave the number", None, "the number stands alone"),
        Column("requestor", pa.string(), "account that asked for it", None, "nobody, or not in this record"),
        Column("requestor_host", pa.string(), "host that the request came from", None, _NONE),
        Column("user", pa.string(), "account that owns the job", None, _NONE),
        Column("submitter", pa.string(), "account that submitted it", None, _NONE),
        Column("submit_host", pa.string(), "host that it was submitted from", None, _NONE),
        Column("name", pa.string(), "job name: typed by the user", None, _NONE),
        Column("queue", pa.string(), "queue", None, _NONE),
        Column("created_s", pa.int64(), "submitted", _S, _NONE),
        Column("started_s", pa.int64(), "started", _S, _NONE),
        Column("ended_s", pa.int64(), "ended", _S, _NONE),
        Column("exit_status", pa.int64(), "as written: 256 and more is 256 and a signal, below 0 the server's own", None, _NONE),
        Column("session", pa.int64(), "session (sid) on the first node", None, _NONE),
        Column("nodes", pa.string(), "nodes and places on them, as written", None, _NONE),
        Column("node_count", pa.int64(), "distinct nodes", None, _NONE),
        Column("cpus", pa.int64(), "processors asked for", None, _NONE),
        Column("gpus", pa.int64(), "GPUs asked for, of all nodes", None, "no resources in this record"),
        Column("elapsed_s", pa.int64(), "wall time used", "s", _NONE),
        Column("memory_bytes", pa.int64(), "memory used", "bytes", _NONE),
        Column("energy_j", pa.int64(), "energy used", "J", "not metered, not in this record, or told twice"),
        Column("message", pa.string(), "everything after the job, as written"),
        *SPAN,
    ),
)  # fmt: skip
CUT = "line"
DOMAIN = "pbs:admin"

_LINE = (
    r"^(?P<wall>[0-9]{2}/[0-9]{2}/[0-9]{4} [0-9]{2}:[0-9]{2}:[0-9]{2});(?P<code>[A-Za-z]);"
    r"(?P<job>[A-Za-z]?[0-9]{1,18}(?:\[[0-9]*\])?(?:\.(?P<server>[^;\s]{1,255}))?);(?P<message>(?s:.*))$"
)
_WALL = r"^(?:0[1-9]|1[0-2])/(?:0[1-9]|[12][0-9]|3[01])/[0-9]{4} (?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-6][0-9]$"
_FIRST = re.compile(
    rb"[0-9]{2}/[0-9]{2}/[0-9]{4} [0-9]{2}:[0-9]{2}:[0-9]{2};[A-Za-z];[A-Za-z]?[0-9][\[\].A-Za-z0-9_-]*;"
)
_KEYS = {
    "user": r"\S+", "jobname": r"\S+", "queue": r"\S+", "ctime": r"[0-9]{1,12}", "start": r"[0-9]{1,12}",
    "end": r"[0-9]{1,12}", "Exit_status": r"-?[0-9]{1,6}", "session": r"[0-9]{1,12}", "exec_host": r"\S+",
    "Resource_List\\.ncpus": r"[0-9]{1,9}", "Resource_List\\.ngpus": r"[0-9]{1,9}", "Resource_List\\.nodes": r"\S+",
    "Resource_List\\.select": r"\S+", "resources_used\\.walltime": r"[0-9]{1,9}:[0-9]{2}:[0-9]{2}",
    "resources_used\\.mem": r"[0-9]{1,15}[kmgt]?b",
    "resources_used\\.energy": r"[0-9]{1,9}(?:\.[0-9]{1,9})?", "resources_used\\.energy_used": r"[0-9]{1,18}",
}  # fmt: skip
_ONCE = ("user", "owner", "requestor", "ctime", "start", "end", "Exit_status", "exec_host")
_J_PER_KWH = 3_600_000
_ASKED = r"^requestor=(?P<user>[^\s@]+)@(?P<host>[^\s]+)$"
_OWNER = (
    r"(?:^|(?:^| )ctime=[0-9]{1,12} (?:[a-z]+=[0-9]{1,12} ){0,3})owner=(?P<user>[^\s@]+)@(?P<host>[^\s]+)"
)
"""TORQUE writes it of jobs, behind the times; of OpenPBS's, which have none, one that stands elsewhere was typed, as an account or a project."""


def recognise(head: bytes, path: str) -> int:  # noqa: ARG001 - the content is enough
    """Sure of a stamp, a code of one letter and a job's number."""
    return 93 if any(_FIRST.match(line) for line in head.split(b"\n", 20)[:20]) else 0


def parse(data: bytes, base: int) -> Parsed:
    """Read lines, a chunk at a time."""
    told = lines.told(data, base)
    found = pc.extract_regex(told.text, pattern=_LINE)
    shaped = pc.is_valid(found)
    message = pc.struct_field(found, "message")
    timed = pc.fill_null(pc.match_substring_regex(pc.struct_field(found, "wall"), _WALL), False)
    twice = pc.fill_null(pc.match_substring_regex(message, "$^"), False)
    for key in _ONCE:
        twice = pc.or_(
            twice, pc.fill_null(pc.greater(pc.count_substring_regex(message, f"(?:^| ){key}="), 1), False)
        )
    torn = lines.unended(told, data)
    read = pc.and_not(pc.and_not(pc.and_(shaped, timed), twice), torn)
    why = pc.if_else(timed, pc.if_else(twice, Why.VALUE.value, Why.SHAPE.value), Why.TIME.value)
    why = pc.if_else(shaped, why, Why.SHAPE.value)
    why = pc.if_else(torn, Why.TRUNCATED.value, why)
    return told.sorted_out(
        TABLE, _fields(found.filter(read)), read=read, idle=pc.and_not(told.blank, torn), why=why
    )


def _fields(found: pa.Array) -> dict[str, pa.Array]:
    message, code = pc.struct_field(found, "message"), pc.struct_field(found, "code")
    told = {key.replace("\\", ""): _value(message, key, shape) for key, shape in _KEYS.items()}
    asked, owner = pc.extract_regex(message, pattern=_ASKED), pc.extract_regex(message, pattern=_OWNER)
    counts = [_counts(*row) for row in zip(
        told["exec_host"].to_pylist(), told["Resource_List.nodes"].to_pylist(),
        told["Resource_List.select"].to_pylist(), strict=True,
    )]  # fmt: skip
    listed = [pa.array([count[at] for count in counts], pa.int64()) for at in range(3)]
    server = pc.struct_field(found, "server")
    return {
        "wall": pc.struct_field(found, "wall"),
        "code": code,
        "job": pc.struct_field(found, "job"),
        "server": pc.if_else(pc.equal(server, ""), None, server),
        "requestor": pc.struct_field(asked, "user"),
        "requestor_host": pc.struct_field(asked, "host"),
        "user": told["user"],
        "submitter": pc.struct_field(owner, "user"),
        "submit_host": pc.struct_field(owner, "host"),
        "name": told["jobname"],
        "queue": told["queue"],
        **{column: told[key].cast(pa.int64()) for column, key in (
            ("created_s", "ctime"), ("started_s", "start"), ("ended_s", "end"), ("exit_status", "Exit_status"),
            ("session", "session"),
        )},
        "nodes": told["exec_host"],
        "node_count": listed[0],
        "cpus": pc.coalesce(told["Resource_List.ncpus"].cast(pa.int64()), listed[1]),
        "gpus": pc.coalesce(told["Resource_List.ngpus"].cast(pa.int64()), listed[2]),
        "elapsed_s": _seconds(told["resources_used.walltime"]),
        "memory_bytes": _bytes(told["resources_used.mem"]),
        "energy_j": _energy(message, told),
        "message": message,
    }  # fmt: skip


def _value(message: pa.Array, key: str, shape: str) -> pa.Array:
    found = pc.extract_regex(message, pattern=rf"(?:^| ){key}=(?P<value>{shape})(?: |$)")
    return pc.struct_field(found, "value")


def _counts(
    places: str | None, nodes: str | None, select: str | None
) -> tuple[int | None, int | None, int | None]:
    """Distinct nodes, places on them, and the GPUs of `2:ppn=4:gpus=1+1:gpus=2`; null where nothing is written."""
    held = [place.partition("/") for place in places.split("+")] if places else []
    hosts = len({host for host, _, _ in held}) if held else None
    slots = sum(_slots(slot) for _, _, slot in held) or None
    asked = select or nodes
    return hosts, slots, None if asked is None else gpus(asked)


def _slots(slot: str) -> int:
    """How many processors a place stands for: `0` is one, `0*4` and `0-3` are four."""
    found = re.fullmatch(r"(?P<first>[0-9]{1,6})(?:-(?P<last>[0-9]{1,6}))?(?:\*(?P<times>[0-9]{1,6}))?", slot)
    if found is None:
        return 1
    last = int(found["last"]) if found["last"] else int(found["first"])
    return max(last - int(found["first"]) + 1, 1) * int(found["times"] or 1)


def gpus(asked: str) -> int:
    """The GPUs of a list of nodes or chunks: those of each times how many of it are asked for."""
    total = 0
    for chunk in asked.split("+")[:10_000]:
        first, *rest = chunk.split(":")
        times = int(first) if re.fullmatch(r"[0-9]{1,9}", first) else 1
        found = [
            re.fullmatch(r"n?gpus?=([0-9]{1,9})", part)
            for part in ([] if first.isdigit() else [first]) + rest
        ]
        total += times * sum(int(m[1]) for m in found if m)
    return min(total, 2**62)


def _seconds(walltime: pa.Array) -> pa.Array:
    parts = pc.extract_regex(walltime, pattern=r"^(?P<h>[0-9]+):(?P<m>[0-9]+):(?P<s>[0-9]+)$")
    hours, minutes, seconds = (pc.struct_field(parts, name).cast(pa.int64()) for name in "hms")
    return pc.add(pc.add(pc.multiply(hours, 3600), pc.multiply(minutes, 60)), seconds)


def _energy(message: pa.Array, told: Mapping[str, pa.Array]) -> pa.Array:
    """Energy in J: PBS Professional writes kWh, where it meters, and TORQUE J, which are 0 where nothing does."""
    hours = [_joules(text) for text in told["resources_used.energy"].to_pylist()]
    joules = told["resources_used.energy_used"].cast(pa.int64())
    metered = pc.coalesce(pa.array(hours, pa.int64()), pc.if_else(pc.equal(joules, 0), None, joules))
    # Typed text can hold the key before the server writes its own.
    once = pc.equal(pc.count_substring_regex(message, r"(?:^| )resources_used\.energy(?:_used)?="), 1)
    return pc.if_else(once, metered, None)


def _joules(hours: str | None) -> int | None:
    whole, _, part = (hours or "").partition(".")
    return int(whole + part) * _J_PER_KWH // 10 ** len(part) if hours else None


def _bytes(written: pa.Array) -> pa.Array:
    sizes = [None if text is None else tres.size(text[:-1].upper()) for text in written.to_pylist()]
    return pa.array(sizes, pa.int64())
