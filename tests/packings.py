"""Compressing for tests, with fixed bytes whenever it is done."""

import bz2
import gzip
import lzma

import pyarrow as pa


def zstd(raw):
    """One frame with a checksum-less header, as a writer makes that does not know the size beforehand."""
    sink = pa.BufferOutputStream()
    with pa.CompressedOutputStream(sink, "zstd") as out:
        out.write(raw)
    return sink.getvalue().to_pybytes()


PACK = {
    "bzip2": bz2.compress,
    "gzip": lambda raw: gzip.compress(raw, mtime=0),
    "xz": lzma.compress,
    "zstd": zstd,
}
SUFFIX = {"bzip2": ".bz2", "gzip": ".gz", "xz": ".xz", "zstd": ".zst"}
