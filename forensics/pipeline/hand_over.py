"""Asking a case, and handing it over: SQL, the bytes behind an event, the bundle and its check."""

import tempfile
from collections.abc import Mapping
from pathlib import Path

import pyarrow as pa
import pyarrow.dataset as ds

from forensics import formats
from forensics.bundle import pack, verifier
from forensics.core import ids
from forensics.core.errors import CaseError, NotFoundError
from forensics.core.tables import CORE, FILE
from forensics.custody import seal as sealing
from forensics.custody import unpack
from forensics.pipeline import elsewhere
from forensics.pipeline.found import tables_of
from forensics.pipeline.parts import record_table
from forensics.store import parquet, query, slices


def sql(case: Path, asked: str) -> pa.Table:
    """The answer to one SELECT over a case's tables; nothing else can be asked.

    Raises:
        CaseError: nothing was read yet.
        UsageError: it is no single SELECT, or DuckDB refuses it.
    """
    return query.sql(tables_of(case), asked, [*CORE, *map(record_table, formats.registry())])


def cite(case: Path, event: str) -> list[dict[str, object]]:
    """The bytes behind an event, their sealed files hashed again.

    Returns:
        One mapping for each span cited, in the event's order: `sha256`, `path`, `packing`, `archive`, `start`,
        `stop`, `raw`, and `ok`, whether the file still has its hash. Where `packing` is not null, the
        span counts in the decompressed bytes.

    Raises:
        NotFoundError: the case holds no such event.
        CustodyError: a sealed file is gone.
    """
    found = slices.named(tables_of(case), [event])
    if not len(found):
        raise NotFoundError(
            f"{case}: there is no event {_clean(event)}; every table lists ids to choose from"
        )
    columns = ["sha256", "path", "packing", "archive"]
    files = parquet.read(tables_of(case), FILE.name, columns, ds.field("kind") == "file").to_pylist()
    named = {file["sha256"]: file for file in reversed(files)}
    return [_span(case, cited, named[cited["sha256"]]) for cited in found["citations"][0].as_py()]


def _clean(event: str) -> str:
    try:
        ids.span_of(event)
    except ValueError:
        return f"{event!r}, nor is that an event's id"
    return event


def _span(case: Path, cited: dict[str, object], file: Mapping[str, str | None]) -> dict[str, object]:
    sha256, start, stop = str(cited["sha256"]), int(str(cited["start"])), int(str(cited["stop"]))
    path, packed = sealing.locate(case, sha256), file["packing"]
    if packed is not None:
        raw = unpack.stretch(path, packed, start, stop)
    else:
        with sealing.opened(path) as read:
            read.seek(start)
            raw = read.read(stop - start) or b""
    ok = sealing.sha256_of(path)[0] == sha256 and len(raw) == stop - start
    return {**file, "start": start, "stop": stop, "ok": ok, "raw": raw}


def bundle(case: Path, out: Path | str) -> None:
    """Pack a case that was analysed into a bundle: a folder, or by its URL one elsewhere.

    Raises:
        CaseError: it was not.
        OutputError: something is already there, or the disk says no.
        CustodyError: sealed evidence is gone, or no longer what was sealed.
    """
    tables_of(case)
    with sealing.locked(case):
        sealing.rows(case)
        if isinstance(out, Path):
            pack.pack(case, out)
            return
        with tempfile.TemporaryDirectory(prefix="forensics-") as here:
            elsewhere.put_tree(pack.pack(case, Path(here) / "bundle"), out)


def verify(out: Path | str, notes: list[str] | None = None) -> list[str]:
    """The faults of a bundle; none means that it is as it was packed. `notes` takes what could not be checked.

    Raises:
        CaseError: it is a case, of which no manifest says what it should hold.
    """
    if isinstance(out, Path):
        if (out / "ledger.jsonl").is_file() and not (out / "bagit.txt").exists():
            raise CaseError(
                f"{out}: a case and no bundle; pack it with `forensics bundle {out} -o OUT`, and verify that"
            )
        return verifier.verify(out, notes)
    with elsewhere.tree(out) as here:
        return verifier.verify(here, notes)
