"""Packed files in the findings: what their citations count in, and the sums of bytes over all files."""

from typing import Any

import pandas as pd

Json = dict[str, Any]


def marked(findings: Json, files: pd.DataFrame) -> Json:
    """The findings, with `packing` beside each citation into a packed file, and beside the file itself.

    Args:
        findings: as `findings.json` holds them. A citation has `sha256`, `start` and `stop`.
        files: schema `file`.
    """
    through = files[files["unpacked_bytes"].notna()]
    sizes = zip(through["packing"], through["unpacked_bytes"], strict=True)
    known = dict(zip(through["sha256"], sizes, strict=True))
    if not known:
        return findings
    evidence = [
        {**row, **_of(row, known, size=True)} for row in findings["case"]["evidence"]
    ]  # fmt: skip
    found: Json = _walked(findings, known)
    return {**found, "case": {**findings["case"], "evidence": evidence}}


def _of(row: Json, known: dict[str, tuple[str, int]], *, size: bool) -> Json:
    if row["sha256"] not in known:
        return {}
    packing, unpacked_bytes = known[row["sha256"]]
    return {"packing": packing, **({"unpacked_bytes": int(unpacked_bytes)} if size else {})}


def _walked(value: Any, known: dict[str, tuple[str, int]]) -> Any:  # noqa: ANN401 - any value of JSON
    if isinstance(value, list):
        return [_walked(item, known) for item in value]
    if isinstance(value, dict):
        cites = {"sha256", "start", "stop"} <= set(value)
        return {
            **{name: _walked(item, known) for name, item in value.items()},
            **(_of(value, known, size=False) if cites else {}),
        }
    return value


def read_bytes(files: pd.DataFrame) -> "pd.Series[int]":
    """How many bytes of each file were read: those of its content, where it was read through."""
    return files["unpacked_bytes"].fillna(files["bytes"])


def accounting(files: pd.DataFrame) -> Json:
    """What became of all bytes, each sealed file counted once."""
    once = files[files["kind"] == "file"].drop_duplicates("sha256")
    sums = {k: int(once[k].sum()) for k in ("parsed", "rejected", "ignored")}
    return {"bytes": int(read_bytes(once).sum()), **sums}
