"""Check an evidence bundle, with Python 3.8 or newer and nothing else.

    python3 verify.py [BUNDLE]

Every fault is printed on a line of its own. Exit status 0: none. 1: there are some. 2: wrong usage.

Checked are the manifests against the files, both ways; that no file but those is there; that sealed evidence has the hash that is its
name; the ledger's chain, and its entries against what is sealed, block by block of large files, and against what the program wrote, tables
too; that every citation leads to bytes; and that the accounting adds up. Places in a compressed file count in the decompressed bytes, those in
UTF-16 in the text as UTF-8: all are read, zstd from Python 3.14 on, or it is said which not. Files are found by looking, by no path that is read.
"""
# Shipped inside each bundle as verify.py, and run by `forensics verify`, so that both always agree.

from __future__ import annotations

import sys

if __name__ == "__main__" and not sys.flags.isolated and not getattr(sys.flags, "safe_path", False):
    del sys.path[0]  # the bundle's folder: a file put there must not pass for a module of Python

import bz2
import codecs
import gzip
import hashlib
import json
import lzma
import os
import re
import stat
import zlib
from pathlib import Path
from typing import Any, Dict, Iterator, Tuple  # noqa: UP035 - Python 3.8 has to read this

_OPENED: dict[str, Any] = {
    "bzip2": bz2.open, "gzip": gzip.open, "xz": lzma.open, "utf-8-bom": lambda path: [read := path.open("rb"), read.seek(3)][0],
    "utf-16": lambda path: codecs.EncodedFile(path.open("rb"), "utf-8", "utf-16"),
}  # fmt: skip
_DAMAGE: tuple[type[Exception], ...] = (zlib.error, lzma.LZMAError, OSError, EOFError, ValueError)
try:
    from compression import zstd  # type: ignore[import-not-found] # Python 3.14 and newer

    _OPENED["zstd"], _DAMAGE = zstd.open, (*_DAMAGE, zstd.ZstdError)
except ImportError:
    pass

_WHATEVER_RATIO_BYTES = 64 << 20
"""A content smaller than this was read whole; a larger one perhaps up to a bound."""
MANIFEST, TAGS = "manifest-sha256.txt", "tagmanifest-sha256.txt"
TAG_FILES = ("bag-info.txt", "bagit.txt", MANIFEST, "verify.py")
BAGIT = b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"
FIRST = "0" * 64
_SEALED = re.compile(r"data/sealed/([0-9a-f]{2})/(\1[0-9a-f]{62})")
_MANIFEST_LINE = re.compile(r"([0-9a-f]{64})  ([!-~]+)")
_EVENT = re.compile(r"([0-9a-f]{16})\.(\d{1,19})\.(\d{1,19})(?:\.\d{1,19})?")
_EVENT_LISTS = frozenset(["for", "against", "because"])
_TEXTS = {
    "seal": ("sha256", "kind", "held"), "blocks": ("sha256",), **dict.fromkeys(("input", "analyse", "report"), ("sha256", "name")),
}  # fmt: skip
_SIZES = {"seal": ("bytes",), "blocks": ("block_bytes",)}
MADE = {"analyse": "data/findings.json", "report": "data/report.pdf"}
"""What the program writes of its own, by the act of the ledger that says so."""

Found = Dict[str, Tuple[str, int]]  # noqa: UP006 - Python 3.8 has to read this
"""Hash and size of each file of the bundle, by its path in it."""

Sizes = Dict[str, int]  # noqa: UP006 - the same
Packed = Dict[str, Tuple[str, int]]  # noqa: UP006 - the same
"""How each compressed file that was read through is packed, and the size of its content, by hash."""


def verify(bundle: Path, notes: list[str] | None = None) -> list[str]:
    """The faults of a bundle, in a fixed order; none means that it is as it was packed.

    What could not be checked, and is no fault, is added to `notes`.
    """
    if bundle.is_symlink() or not bundle.is_dir():
        return [f"{shown(str(bundle))}: no bundle; name the folder that holds bagit.txt"]
    found: Found = {}
    faults = [*_look(bundle, found), *_manifests(bundle, found), *_sealed(found)]
    evidence: Sizes = {}
    faults += _ledger(bundle, found, evidence)
    faults += _findings(bundle, found, evidence, [] if notes is None else notes)
    return faults


def shown(text: str) -> str:
    """A text as printable ASCII: it may hold what a terminal obeys."""
    return text.encode("unicode_escape", "backslashreplace").decode("ascii")


def sha256_of(path: Path) -> tuple[str, int]:
    """Hash and size of a regular file; no link is followed."""
    digest, size = hashlib.sha256(), 0
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0))
    with os.fdopen(descriptor, "rb") as read:
        for block in iter(lambda: read.read(1 << 20), b""):
            digest.update(block)
            size += len(block)
    return digest.hexdigest(), size


def _look(bundle: Path, found: Found) -> Iterator[str]:
    """Hash every file that is there; anything that is neither file nor folder is a fault."""
    folders = [""]
    while folders:
        folder = folders.pop()
        try:
            entries = sorted(entry.name for entry in (bundle / folder).iterdir())
        except OSError as error:
            yield f"{shown(folder)}: cannot be read ({error.strerror})"
            continue
        if folder and not entries:
            yield f"{shown(folder)}: an empty folder, which was not packed"
        for name in entries:
            path = f"{folder}/{name}" if folder else name
            try:
                mode = (bundle / path).lstat().st_mode
                if stat.S_ISDIR(mode):
                    folders.append(path)
                elif stat.S_ISREG(mode):
                    found[path] = sha256_of(bundle / path)
                else:
                    yield f"{shown(path)}: a link or special file, which no bundle holds"
            except OSError as error:
                yield f"{shown(path)}: cannot be read ({error.strerror})"


def _bytes(bundle: Path, path: str, found: Found) -> bytes:
    """A file of the bundle that was found there by looking."""
    return (bundle / path).read_bytes() if path in found else b""


def _manifests(bundle: Path, found: Found) -> Iterator[str]:
    payload = sorted(path for path in found if path.startswith("data/"))
    tags = sorted(path for path in found if not path.startswith("data/") and path != TAGS)
    for path in sorted({*TAG_FILES, TAGS} - set(found)):
        yield f"{path}: missing"
    for path in sorted(set(tags) - set(TAG_FILES)):
        yield f"{shown(path)}: added"
    for manifest, paths in ((MANIFEST, payload), (TAGS, tags)):
        if manifest not in found:
            continue
        raw = _bytes(bundle, manifest, found)
        faults = list(_manifest(manifest, raw, paths, found))
        yield from faults
        expected = "".join(f"{found[path][0]}  {path}\n" for path in paths)
        if not faults and raw != expected.encode("utf-8", "surrogateescape"):
            yield f"{manifest}: not written as this program writes it"
    if "bagit.txt" in found and _bytes(bundle, "bagit.txt", found) != BAGIT:
        yield "bagit.txt: no BagIt 1.0 declaration"


def _manifest(manifest: str, raw: bytes, paths: list[str], found: Found) -> Iterator[str]:
    """What a manifest lists against what is there."""
    listed: dict[str, str] = {}
    for n, line in enumerate(raw.decode("utf-8", "backslashreplace").split("\n")[:-1], start=1):
        entry = _MANIFEST_LINE.fullmatch(line)
        if entry is None:
            yield f"{manifest}: line {n} is no entry: {shown(line[:200])}"
        elif entry[2] in listed:
            yield f"{manifest}: line {n} lists {shown(entry[2])} again"
        else:
            listed[entry[2]] = entry[1]
    there = set(paths)
    for path in sorted({*listed, *there}):
        if path not in there:
            yield f"{shown(path)}: missing (listed in {manifest})"
        elif path not in listed:
            yield f"{shown(path)}: added (not listed in {manifest})"
        elif listed[path] != found[path][0]:
            yield f"{shown(path)}: changed (not the hash in {manifest})"


def _sealed(found: Found) -> Iterator[str]:
    for path in sorted(path for path in found if path.startswith("data/sealed/")):
        if (name := _SEALED.fullmatch(path)) is None or name[2] != found[path][0]:
            yield f"{shown(path)}: its name is not its SHA-256"


def _canonical(value: object) -> bytes:
    text = json.dumps(value, sort_keys=True, ensure_ascii=True, allow_nan=False, separators=(",", ":"))
    return text.encode("ascii")


def _ledger(bundle: Path, found: Found, evidence: Sizes) -> Iterator[str]:
    """The chain, and what was sealed and given against what is there; sizes go into `evidence`."""
    path, previous = "data/ledger.jsonl", FIRST
    if path not in found:
        yield f"{path}: missing, so nobody says what was collected"
        return
    said: list[tuple[str, dict[str, Any]]] = []
    for n, line in enumerate(_bytes(bundle, path, found).splitlines(keepends=True), start=1):
        entry = _entry(line)
        if entry is None or entry["n"] != n or entry["previous"] != previous:
            yield f"{path}: line {n} does not follow from the lines before it"
            break
        previous = hashlib.sha256(line).hexdigest()
        said.append((entry["act"], entry["what"]))
    files = [what for act, what in said if act == "seal" and what["kind"] == "file"]
    evidence.update((what["sha256"], what["bytes"]) for what in files)
    given = {f"data/inputs/{what['name']}": what["sha256"] for act, what in said if act == "input"}
    last = dict(said)
    for act, name in MADE.items():
        if name in found and last.get(act, {}).get("sha256") != found[name][0]:
            yield f"{name}: not what the ledger says was written"
    yield from other_tables(found, [last.get(act, {}).get("tables", {}) for act in ("ingest", "analyse")])
    copied = {what["sha256"] for what in files if what["held"] == "copied"}
    yield from _entered(found, {sha256: evidence[sha256] for sha256 in copied}, given)
    blocks = {what["sha256"]: what for act, what in said if act == "blocks"}
    for what in blocks.values():
        path = f"data/sealed/{what['sha256'][:2]}/{what['sha256']}"
        if path in found:
            yield from _blocks(bundle / path, path, what)


def other_tables(found: Found, entered: list[dict[str, str]]) -> Iterator[str]:
    """The tables that are not as the ledger last entered them, if it did: by a line for each part, of its hash and its name."""
    lines: dict[str, str] = {}
    for folder, _, part in (path.rpartition("/") for path in sorted(found)):
        if folder.startswith("data/tables/"):
            lines[folder] = lines.get(folder, "") + f"{found[f'{folder}/{part}'][0]}  {part}\n"
    said = {f"data/tables/{name}": digest for written in entered for name, digest in written.items()}
    for folder in sorted({*said, *lines}) if said else ():
        there = hashlib.sha256(lines.get(folder, "").encode(errors="surrogateescape"))
        if said.get(folder) != there.hexdigest():
            yield f"{shown(folder)}: not the table that the ledger says was written"


def _blocks(read_from: Path, path: str, what: dict[str, Any]) -> Iterator[str]:
    """The digests of blocks that the ledger has of a file, against its blocks: the first that is another."""
    size, listed, at = what["block_bytes"], what["blocks"], 0
    with read_from.open("rb") as read:
        for digest in listed if isinstance(listed, list) and size > 0 else ():
            block, left = hashlib.sha256(), size
            while left and (piece := read.read(min(left, 1 << 20))):
                block.update(piece)
                left -= len(piece)
            if left == size or block.hexdigest() != digest:
                yield f"{path}: between bytes {at} and {at + size} not what the ledger says of its blocks"
                return
            at += size - left
        if read.read(1):
            yield f"{path}: longer than the blocks that the ledger says it has"


def _entered(found: Found, copied: Sizes, given: dict[str, str]) -> Iterator[str]:
    """What the ledger says was sealed and given, against what is there."""
    there = {name[2]: found[name[0]][1] for name in map(_SEALED.fullmatch, found) if name}
    for sha256 in sorted({*copied, *there}):
        if sha256 not in there:
            yield f"data/ledger.jsonl: sealed {shown(sha256)}, which is not in the bundle"
        elif sha256 not in copied:
            yield f"data/sealed/{sha256[:2]}/{sha256}: the ledger does not say that it was sealed"
        elif there[sha256] != copied[sha256]:
            yield f"data/sealed/{sha256[:2]}/{sha256}: not of the size that the ledger says"
    inputs = {name: found[name][0] for name in found if name.startswith("data/inputs/")}
    for name in sorted({*given, *inputs}):
        if given.get(name) != inputs.get(name):
            yield f"{shown(name)}: not what the ledger says was given"


def _entry(line: bytes) -> dict[str, Any] | None:
    """A ledger line, or None where it is not exactly as the ledger writes one."""
    try:
        entry = json.loads(line)
        rest = {name: value for name, value in entry.items() if name != "self"}
        whole = (
            _canonical(entry) + b"\n" == line
            and entry["self"] == hashlib.sha256(_canonical(rest)).hexdigest()
        )
        what, act = entry["what"], entry["act"]
        typed = all(isinstance(what[name], str) for name in _TEXTS.get(act, ()))
        sized = all(type(what[name]) is int for name in _SIZES.get(act, ()))
        known = {"n", "previous"} <= set(entry) and isinstance(what.get("tables", {}), dict)
    except (ValueError, RecursionError, AttributeError, KeyError, TypeError):
        return None
    return entry if whole and typed and sized and known else None


def _findings(bundle: Path, found: Found, evidence: Sizes, notes: list[str]) -> Iterator[str]:
    path = "data/findings.json"
    if path not in found:
        yield f"{path}: missing"
        return
    try:
        findings = json.loads(_bytes(bundle, path, found))
        packed = _packed(findings, evidence)
        sizes = {**evidence, **{sha256: size for sha256, (_, size) in packed.items()}}
        reach: Sizes = {}
        yield from (f"{path}: {fault}" for fault in _cited(findings, sizes, packed, reach))
        yield from (f"{path}: {fault}" for fault in _accounted(findings, evidence, sizes))
        yield from _unpacked(bundle, found, packed, reach, notes)
    except (ValueError, RecursionError, AttributeError, KeyError, TypeError) as error:
        yield f"{path}: not as findings are written ({type(error).__name__})"


def _packed(findings: dict[str, Any], evidence: Sizes) -> Packed:
    """The files that were read through, as the findings list them."""
    return {
        item["sha256"]: (str(item["packing"]), int(item["unpacked_bytes"]))
        for item in findings["case"]["evidence"]
        if "packing" in item and item["sha256"] in evidence
    }


def _cited(findings: object, sizes: Sizes, packed: Packed, reach: Sizes) -> Iterator[str]:
    """Every citation, and every event id, leads to bytes; how far they go in each file goes into `reach`."""
    waiting: list[tuple[str, object]] = [("", findings)]
    named: dict[str, list[str]] = {}
    for sha256 in sizes:
        named.setdefault(sha256[:16], []).append(sha256)
    while waiting:
        where, value = waiting.pop()
        if isinstance(value, list):
            waiting += [(f"{where}[{n}]", item) for n, item in enumerate(value)]
        elif isinstance(value, dict):
            waiting += [(f"{where}.{name}", item) for name, item in value.items()]
            if {"sha256", "start", "stop"} <= set(value):
                says = value.get("packing") == packed.get(str(value["sha256"]), (None, 0))[0]
                if not _resolves(value["sha256"], value["start"], value["stop"], sizes, reach):
                    yield f"{shown(where)} cites bytes that no sealed file has"
                yield from [] if says else [f"{shown(where)} does not say in which bytes it counts"]
            for name in sorted(_EVENT_LISTS & set(value)):
                texts = [text for text in value[name] or [] if isinstance(text, str)]
                for event in filter(None, map(_EVENT.fullmatch, texts)):
                    files = named.get(event[1], [])
                    if not any(_resolves(s, int(event[2]), int(event[3]), sizes, reach) for s in files):
                        yield f"{shown(where)}.{name} names event {event[0]}, which no sealed file has"


def _resolves(sha256: object, start: object, stop: object, sizes: Sizes, reach: Sizes) -> bool:
    if not isinstance(sha256, str) or type(start) is not int or type(stop) is not int:
        return False
    if sha256 not in sizes or not 0 <= start <= stop <= sizes[sha256]:
        return False
    reach[sha256] = max(stop, reach.get(sha256, 0))
    return True


def _accounted(findings: dict[str, Any], evidence: Sizes, sizes: Sizes) -> Iterator[str]:
    sums = findings["accounting"]
    if sums["parsed"] + sums["rejected"] + sums["ignored"] != sums["bytes"]:
        yield "accounting: parsed, rejected and ignored bytes do not add up"
    if sums["bytes"] != sum(sizes.values()):
        yield "accounting: not the bytes that were sealed"
    listed = {item["sha256"]: item["bytes"] for item in findings["case"]["evidence"]}
    if listed != evidence:
        yield "case.evidence: not the files that were sealed"


def _unpacked(bundle: Path, found: Found, packed: Packed, reach: Sizes, notes: list[str]) -> Iterator[str]:
    """What compressed files decompress to, against what the findings say and cite of them."""
    for sha256, (packing, size) in sorted(packed.items()):
        path = f"data/sealed/{sha256[:2]}/{sha256}"
        if path not in found:
            notes.append(f"{path}: left where it lies; the spans of it that are cited could not be re-read")
        elif packing not in _OPENED:
            notes.append(f"{path}: {shown(packing)}, which this Python lacks; its spans could not be re-read")
        else:
            length, damaged = _length(bundle / path, packing, size)
            longer = length > size and size < _WHATEVER_RATIO_BYTES
            if longer or (length < reach.get(sha256, 0) and not damaged):
                yield f"{path}: does not decompress to what the findings say and cite of it"
            elif length < reach.get(sha256, 0):
                notes.append(f"{path}: damaged; spans of it beyond byte {length} could not be re-read")


def _length(path: Path, packing: str, most: int) -> tuple[int, bool]:
    """How many bytes decompress, counted until there are more than `most`; and whether damage ends them."""
    length = 0
    try:
        with _OPENED[packing](path) as read:
            while length <= most and (block := read.read(1 << 12)):
                length += len(block)
    except _DAMAGE:
        return length, True
    return length, False


def main(words: list[str]) -> int:
    """Verify the bundle that is named, or the one that this file lies in."""
    if len(words) > 1 or (words and words[0].startswith("-")):
        sys.stderr.write("usage: python3 verify.py [BUNDLE]\n")
        return 2
    bundle = Path(words[0]) if words else Path(__file__).absolute().parent
    notes: list[str] = []
    faults = verify(bundle, notes)
    sys.stdout.write("".join(f"{fault}\n" for fault in faults))
    sys.stderr.write("".join(f"not checked: {note}\n" for note in notes))
    if faults:
        sys.stderr.write(f"{len(faults)} faults: the bundle is not as it was packed\n")
        return 1
    said = f"no faults; the SHA-256 of {TAGS}, which stands for all of it, is"
    sys.stdout.write(f"{said}\n{sha256_of(bundle / TAGS)[0]}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
