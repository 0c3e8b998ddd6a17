"""What one file of a format tells, for tests of readings."""

import hashlib
from importlib import import_module

import pyarrow as pa

from forensics.core.schema import extended
from forensics.core.tables import FILE, SHA256
from forensics.formats import registry

ANCHOR_NS = 1_795_446_697_000_000_000


def events(name, data, *paths, zone="UTC"):
    """What a file, collected under some paths, tells."""
    sha256 = hashlib.sha256(data).hexdigest()
    form = registry()[name]
    records = form.parse(data, 0).records
    sealed = pa.Table.from_arrays(
        [pa.array([sha256] * records.num_rows, pa.string()), *records.columns],
        schema=extended(form.TABLE, SHA256).schema(),
    )
    held = [
        {"sha256": sha256, "path": path, "host": path.partition("/")[0], "origin": "/" + path.partition("/")[2], "bytes": len(data), "kind": "file", "held": "copied", "format": name}
        | {"domain": form.DOMAIN.replace("{host}", path.partition("/")[0])} | dict.fromkeys(("parsed", "rejected", "ignored"), 0)
        for path in paths or ("login01/var/log/x",)
    ]  # fmt: skip
    files = FILE.build({c: [row.get(c) for row in held] for c in FILE.names})
    made = import_module(f"forensics.readings.{name}").read(sealed, files, zone=zone, anchor_ns=ANCHOR_NS)
    assert set(made) == {"event"}
    return made["event"].to_pylist()
