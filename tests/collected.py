"""Files of a host as they are collected, read by a format and its reading: for tests of both."""

import hashlib
from importlib import import_module

import pyarrow as pa

from forensics import formats
from forensics.core.tables import FILE


def rows(name, data):
    """The records that a format makes of a file."""
    return formats.registry()[name].parse(data, 0).records.to_pylist()


def whys(name, data):
    """Why it rejects what it rejects."""
    return formats.registry()[name].parse(data, 0).rejected["why"].to_pylist()


def told(name, data, *paths, zone="UTC", anchor_ns=None):
    """The events that its reading makes of them. A path is `<host>/<path there>`."""
    form = formats.registry()[name]
    sha256 = hashlib.sha256(data).hexdigest()
    records = form.parse(data, 0).records
    sealed = records.add_column(0, "sha256", pa.array([sha256] * records.num_rows, pa.string()))
    hosts = [path.split("/", 1)[0] for path in paths]
    files = {"path": list(paths), "host": hosts, "origin": ["/" + path.split("/", 1)[1] for path in paths]}
    files["domain"] = [form.DOMAIN.replace("{host}", host) for host in hosts]
    same = {"sha256": sha256, "bytes": len(data), "kind": "file", "held": "copied", "format": name}
    same |= dict.fromkeys(("parsed", "rejected", "ignored"), 0)
    files |= {key: [value] * len(paths) for key, value in same.items()}
    reading = import_module(f"forensics.readings.{name}")
    return reading.read(sealed, FILE.build(files), zone=zone, anchor_ns=anchor_ns)["event"].to_pylist()
