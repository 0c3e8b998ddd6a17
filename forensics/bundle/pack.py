"""Packing a case into a bundle. Files are hashed while they are copied; nothing is written to the case."""

import hashlib
import json
import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from forensics.bundle import verifier
from forensics.core.errors import CaseError, CustodyError, OutputError

_WHOLE = ("findings.json", "report.pdf", "ledger.jsonl")
_RESULTS = {act: path.removeprefix("data/") for act, path in verifier.MADE.items()}
_WRITE_TABLES = ("ingest", "analyse")
_FOLDERS = ("inputs", "tables")
_BLOCK_BYTES = 1 << 20


def pack(case: Path, out: Path) -> Path:
    """Make a bundle of a case that has findings.

    Args:
        case: the case folder.
        out: the folder to make; it appears whole or not at all.

    Returns:
        `out`.

    Raises:
        CaseError: the case has no findings yet.
        OutputError: something is already there, or the disk says no.
        CustodyError: sealed evidence is gone, or no longer what was sealed.
    """
    if not (case / "findings.json").is_file():
        raise CaseError(f"{case}: there are no findings yet; run `forensics analyse`")
    if os.path.lexists(out):
        raise OutputError(f"{out}: is already there; name a folder that is not")
    entries, made, written = _entered(case)
    _complete(case, entries)
    partial = out.with_name(f".{out.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    try:
        (partial / "data").mkdir(parents=True)
        payload = {
            f"data/{path}": _copied(case / path, partial / "data" / path) for path in _payload(case, entries)
        }
        _as_written(case, payload, made, written)
        _tags(partial, payload, entries, _packed(case))
        partial.rename(out)
    except OSError as error:
        raise OutputError(f"{out}: cannot be written ({error.strerror}); name another place") from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return out


class _Entered(NamedTuple):
    """What the ledger says: of each sealed file its last entry, by hash; of each result its hash, by name; of tables their digests."""

    files: dict[str, Mapping[str, object]]
    made: dict[str, object]
    tables: dict[str, dict[str, str]]


def _entered(case: Path) -> _Entered:
    """What the ledger says last of each thing. A file that was copied at any time counts as copied."""
    found: dict[str, Mapping[str, object]] = {}
    made: dict[str, object] = {}
    written: dict[str, dict[str, str]] = {}
    try:
        with (case / "ledger.jsonl").open(encoding="ascii") as lines:
            for line in lines:
                entry = json.loads(line)
                what = entry["what"]
                if entry["act"] in _RESULTS:
                    made[_RESULTS[entry["act"]]] = what["sha256"]
                if entry["act"] in _WRITE_TABLES:
                    written[entry["act"]] = dict(what.get("tables", {}))
                if entry["act"] != "seal" or what["kind"] != "file":
                    continue
                before = found.get(what["sha256"])
                if before is None or before["held"] != "copied":
                    found[what["sha256"]] = what
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise CustodyError(f"{case}: the ledger cannot be read; restore it from a copy") from error
    return _Entered(dict(sorted(found.items())), made, written)


def _complete(case: Path, entries: Mapping[str, Mapping[str, object]]) -> None:
    """See that the findings are of all that was sealed: of what was sealed after them they say nothing."""
    try:
        told = {
            item["sha256"] for item in json.loads((case / "findings.json").read_bytes())["case"]["evidence"]
        }
    except (ValueError, KeyError, TypeError) as error:
        raise CustodyError(
            f"{case / 'findings.json'}: not as findings are written; run `forensics analyse {case}` again"
        ) from error
    for what in (what for sha256, what in entries.items() if sha256 not in told):
        raise CaseError(
            f"{case}: {what['path']} was sealed after the findings were made; run `forensics ingest {case}`"
            f" and `forensics analyse {case}` first"
        )


def _as_written(
    case: Path,
    payload: Mapping[str, tuple[str, int]],
    made: Mapping[str, object],
    written: Mapping[str, dict[str, str]],
) -> None:
    """See that what is packed as findings, report and tables is what the program wrote last, by the ledger."""
    for fault in verifier.other_tables(dict(payload), list(written.values())):
        raise CustodyError(
            f"{case}: {fault.removeprefix('data/')}; run `forensics ingest {case}` and `forensics analyse {case}` again"
        )
    for act, name in _RESULTS.items():
        if f"data/{name}" in payload and made.get(name) != payload[f"data/{name}"][0]:
            raise CustodyError(
                f"{case / name}: not what the ledger says was written; run `forensics {act} {case}` again"
            )


def _payload(case: Path, entries: Mapping[str, Mapping[str, object]]) -> Iterator[str]:
    """What goes in, as paths below the case, which are paths below `data` too."""
    yield from (name for name in _WHOLE if (case / name).is_file())
    yield from (f"sealed/{s[:2]}/{s}" for s, what in entries.items() if what["held"] == "copied")
    for folder in _FOLDERS:
        for path in sorted((case / folder).rglob("[!.]*")):
            if path.is_file() and not path.is_symlink():
                yield path.relative_to(case).as_posix()


def _copied(source: Path, target: Path) -> tuple[str, int]:
    """Copy a file; hash and size of what was copied."""
    target.parent.mkdir(parents=True, exist_ok=True)
    digest, size = hashlib.sha256(), 0
    try:
        read = source.open("rb")
    except OSError as error:
        raise CustodyError(f"{source}: gone or not readable; restore it from a copy of the case") from error
    with read, target.open("xb") as written:
        while block := read.read(_BLOCK_BYTES):
            digest.update(block)
            size += len(block)
            written.write(block)
    if source.parent.parent.name == "sealed" and source.name != digest.hexdigest():
        raise CustodyError(f"{source}: no longer what was sealed; restore it from a copy of the case")
    return digest.hexdigest(), size


def _packed(case: Path) -> list[Mapping[str, object]]:
    """The compressed files that were read through, as the findings list them, once each."""
    listed = json.loads((case / "findings.json").read_bytes())["case"]["evidence"]
    return list({item["sha256"]: item for item in listed if "packing" in item}.values())


def _tags(
    bag: Path,
    payload: Mapping[str, tuple[str, int]],
    entries: Mapping[str, Mapping[str, object]],
    packed: Sequence[Mapping[str, object]],
) -> None:
    """The files about the files. What was recorded and not copied is named with its hash."""
    outside = [what for what in entries.values() if what["held"] != "copied"]
    info = [
        f"Payload-Oxum: {sum(size for _, size in payload.values())}.{len(payload)}",
        "Bag-Software-Agent: forensics",
        "External-Description: evidence bundle; check it with: python3 verify.py",
        *(f"Referenced-Evidence: sha256 {what['sha256']} bytes {what['bytes']}" for what in outside),
        *(
            f"Compressed-Evidence: sha256 {what['sha256']} {what['packing']};"
            f" its places count in the decompressed bytes, of which there are {what['unpacked_bytes']}"
            for what in sorted(packed, key=lambda what: str(what["sha256"]))
        ),
    ]
    tags = {
        "bagit.txt": verifier.BAGIT,
        "bag-info.txt": "".join(f"{line}\n" for line in info).encode(),
        verifier.MANIFEST: _manifest({path: sha256 for path, (sha256, _) in payload.items()}),
        "verify.py": Path(verifier.__file__).read_bytes(),
    }
    hashes = {name: hashlib.sha256(raw).hexdigest() for name, raw in tags.items()}
    for name, raw in {**tags, verifier.TAGS: _manifest(hashes)}.items():
        (bag / name).write_bytes(raw)


def _manifest(hashes: Mapping[str, str]) -> bytes:
    return "".join(f"{sha256}  {path}\n" for path, sha256 in sorted(hashes.items())).encode()
