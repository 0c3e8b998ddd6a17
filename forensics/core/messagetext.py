"""The messages of known programs in a host's log, told apart and their fields found, a column at a time.

Which program a line is of, and how far that can be believed, is for the format to say; what a message
means is for `messageevents`.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from forensics.core import cuttings, loose, messagewords
from forensics.core.cuttings import Placed
from forensics.core.messagewords import Words
from forensics.core.programs import PROGRAMS
from forensics.core.programs.shape import ANY, FIRST, Program
from forensics.core.schema import Column

_NOT_SAID = "this message says none"
FIELDS = (
    Column("kind", pa.string(), "which of the known messages it is", None, "none of those known"),
    Column("service", pa.string(), "PAM service", None, _NOT_SAID),
    Column("account", pa.string(), "account that the program speaks of", None, _NOT_SAID),
    Column("uid", pa.int64(), "its uid", None, _NOT_SAID),
    Column("caller", pa.string(), "account that asked for it", None, _NOT_SAID),
    Column("caller_uid", pa.int64(), "uid that asked for it", None, _NOT_SAID),
    Column("target", pa.string(), "account whose rights were asked for", None, _NOT_SAID),
    Column("typed", pa.string(), "name that somebody typed and no account has", None, _NOT_SAID),
    Column("method", pa.string(), "how entry was asked for", None, _NOT_SAID),
    Column("address", pa.string(), "address of the other end", None, _NOT_SAID),
    Column("port", pa.int64(), "port there", None, _NOT_SAID),
    Column("credential", pa.string(), "fingerprint of the key, `SHA256:…`", None, _NOT_SAID),
    Column("certificate", pa.string(), "id of the certificate: chosen by its signer", None, _NOT_SAID),
    Column("serial", pa.string(), "its serial number", None, _NOT_SAID),
    Column("authority", pa.string(), "fingerprint of the key that signed it", None, _NOT_SAID),
    Column("tty", pa.string(), "terminal as written", None, _NOT_SAID),
    Column("cwd", pa.string(), "working directory", None, _NOT_SAID),
    Column("chroot", pa.string(), "root folder asked for", None, _NOT_SAID),
    Column("command", pa.string(), "command: typed by a user", None, _NOT_SAID),
    Column("recording", pa.string(), "id of sudo's recording of the session", None, _NOT_SAID),
    Column("refusal", pa.string(), "the program's words of refusal", None, _NOT_SAID),
    Column("operation", pa.string(), "what was done to the object", None, _NOT_SAID),
    Column("object", pa.string(), "whose crontab, which account, service or file", None, _NOT_SAID),
    Column("group", pa.string(), "group of accounts", None, _NOT_SAID),
    Column("child", pa.int64(), "pid of another process that it names", None, _NOT_SAID),
    Column("victim_uid", pa.int64(), "uid of that process", None, _NOT_SAID),
    Column("job", pa.string(), "scheduler's job id", None, _NOT_SAID),
    Column("device", pa.string(), "device, interface or server in trouble", None, _NOT_SAID),
    Column("code", pa.string(), "code of the trouble, such as an Xid", None, _NOT_SAID),
    Column("step", pa.string(), "by how much a clock was set or is wrong, forward where positive", "s", _NOT_SAID),
    Column("on_host", pa.string(), "host that it was asked on, where that is named apart from the one that logged it", None, _NOT_SAID),
    Column("principal", pa.string(), "Kerberos principal that the account was opened to", None, _NOT_SAID),
    Column("login_session", pa.string(), "login session as systemd-logind names it", None, _NOT_SAID),
)  # fmt: skip
_NOTHING = pa.scalar(None, pa.string())

_Rows = npt.NDArray[np.int64]


class _Found(NamedTuple):
    """Rows that one shape fits, in order, and the fields found there."""

    rows: _Rows
    kind: str
    fields: pa.StructArray


def filled(values: pa.Array) -> pa.Array:
    """Text, with null for what is empty: a group of a pattern that took no part."""
    return pc.if_else(pc.equal(values, ""), _NOTHING, values)


def fields(
    program: pa.Array,
    pid: pa.Array,
    message: pa.Array,
    *,
    programs: Sequence[Program] = PROGRAMS,
    words: Words | None = None,
) -> dict[str, pa.Array]:
    """The columns `FIELDS` of each message, by the first shape of its program that fits.

    Args:
        program: who is believed to have written it (string, nullable); null is nobody known.
        pid: the process it names for itself (int64, nullable).
        message: its text (string).
        programs: what is known, in order of trial.
        words: where the words of messages lie, where that is known; it only saves time. The columns are as `core.loose` has them then.
    """
    found: list[_Found] = []
    placed: list[Placed] = []
    taken = np.zeros(len(message), bool)
    names = program.dictionary_encode()
    known = names.dictionary.to_pylist()
    code = np.asarray(names.indices.fill_null(-1), np.int64)
    for one in programs:
        if wanted := [at for at, name in enumerate(known) if name in one.names]:
            own = np.isin(np.arange(-1, len(known)), wanted)[code + 1]
            rows = _believed(one, np.flatnonzero(own & ~taken), pid)
            if words is not None:
                settled_here = messagewords.found(one, rows, words)
                placed += settled_here
                for settled in settled_here:
                    taken[settled.rows] = True
                rows = rows[~taken[rows]]
            for piece in _tried(one, rows, message):
                taken[piece.rows] = True
                found.append(piece)
    return _columns(found, placed, len(message), words)


def _believed(program: Program, rows: _Rows, pid: pa.Array) -> _Rows:
    """Rows of a program, without those that name no process, or another, where it always names one."""
    if program.pid == ANY or not len(rows):
        return rows
    own = np.asarray(pid.take(pa.array(rows)).fill_null(-1))
    return rows[own == 1] if program.pid == FIRST else rows[own >= 0]


def _tried(program: Program, rows: _Rows, message: pa.Array) -> list[_Found]:
    """The program's shapes, each tried on the messages that no shape before it fits."""
    found: list[_Found] = []
    if not len(rows):
        return found
    text = message.take(pa.array(rows))
    begins: dict[str, npt.NDArray[np.bool_]] = {}
    left = np.ones(len(rows), bool)
    for shape in program.shapes:
        for literal in shape.begins:
            if literal not in begins:
                begins[literal] = np.asarray(pc.starts_with(text, literal).fill_null(False))
        likely = left if not shape.begins else left & np.any([begins[b] for b in shape.begins], axis=0)
        at = np.flatnonzero(likely)
        if shape.holds and len(at):
            at = at[np.asarray(pc.count_substring(text.take(pa.array(at)), shape.holds)) >= shape.times]
        if not len(at):
            continue
        read = pc.extract_regex(text.take(pa.array(at)), pattern=shape.pattern)
        fits = np.asarray(pc.is_valid(read))
        if fits.any():
            left[at[fits]] = False
            found.append(_Found(rows[at[fits]], shape.kind, read.filter(pa.array(fits))))
    return found


def _columns(
    found: list[_Found], placed: list[Placed], length: int, words: Words | None
) -> dict[str, pa.Array]:
    """The pieces put together, null where no shape fits or the shape has no such field."""
    kinds = _kinds([*found, *placed], length)
    columns: dict[str, pa.Array] = {"kind": loose.plain(kinds) if words is None else kinds}
    for column in FIELDS[1:]:
        own = [
            (piece.rows, filled(pc.struct_field(piece.fields, column.name)))
            for piece in found
            if piece.fields.type.get_field_index(column.name) >= 0
        ]
        here = any(column.name in piece.fields for piece in placed)
        if words is None or own:
            columns[column.name] = _placed(own, length).cast(column.type)
        elif not here:
            columns[column.name] = pa.nulls(length)
        if words is not None and here:
            cut = cuttings.numbers if pa.types.is_integer(column.type) else cuttings.column
            settled = cut(placed, column.name, length, words.raw)
            # No message is among both.
            columns[column.name] = pc.coalesce(settled, columns[column.name]) if own else settled
    return columns


def _kinds(pieces: Sequence[_Found | Placed], length: int) -> pa.Array:
    """Which message each is, as a dictionary."""
    at = np.full(length, len(pieces), np.int64)
    for n, piece in enumerate(pieces):
        at[piece.rows] = n
    return loose.looked_up(pa.array([*(piece.kind for piece in pieces), None], pa.string()), at)


def _placed(own: list[tuple[_Rows, pa.Array]], length: int) -> pa.Array:
    """Values in their rows, and null in every other."""
    if not own:
        return pa.nulls(length, pa.string())
    values = pa.concat_arrays([values for _, values in own])
    at = np.full(length, -1, np.int64)
    at[np.concatenate([rows for rows, _ in own])] = np.arange(len(values))
    return values.take(pa.array(at, mask=at < 0))
