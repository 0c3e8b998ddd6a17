"""Arrays and tensors are described by their headers; a pickle among them is listed and never loaded."""

import io
import json
import struct
import zipfile
from pathlib import Path

import pytest
from collected import rows, told, whys

from forensics.formats import npy as form

SAMPLES = Path(__file__).parents[1] / "sample_logs" / "formats"
CALL = b"\x80\x04\x8c\x05posix\x94\x8c\x06system\x94\x93\x8c\x01x\x94\x85R."


def npy(header, body=b""):
    raw = header if isinstance(header, bytes) else header.encode()
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(raw)) + raw + body


def tensors(header, body=b""):
    raw = json.dumps(header).encode()
    return struct.pack("<Q", len(raw)) + raw + body


@pytest.mark.parametrize(
    "name", ["objects_that_call.npy", "pickle_where_numbers_should_be.npy", "two_arrays_one_of_objects.npz"]
)
def test_a_pickle_among_arrays_is_told_wherever_it_stands(name):
    data = (SAMPLES / "npy" / name).read_bytes()
    (event,) = told("npy", data, "gpu01/scratch/x.npy")
    assert "pickled=true calls=1 globals=posix.system complete=true" in event["text"]


def test_a_header_is_a_literal_and_is_never_run(tmp_path):
    mark = tmp_path / "mark"
    (row,) = rows("npy", npy(f"open({str(mark)!r}, 'w')"))
    assert not mark.exists()
    assert (row["complete"], row["descr"], row["shape"]) == (False, None, None)


@pytest.mark.parametrize(
    "header",
    [
        "(" * 9000,
        "-" * 9000 + "1",
        "{'descr': " + "[" * 900 + "]" * 900 + "}",
        "{1: 2}",
        "\xff",
        "{'shape': (-1,)}",
    ],
)
def test_a_hostile_header_ends_in_time(header):
    (row,) = rows("npy", npy(header))
    assert row["shape"] is None


@pytest.mark.parametrize(
    ("descr", "pickled"),
    [
        ("'|O'", True),
        ("'O'", True),
        ("[('a', '<f8'), ('b', '|O')]", True),
        ("'<f8'", False),
        ("[('O', '<f8')]", False),
    ],
)
def test_what_holds_objects_is_known_by_its_kind(descr, pickled):
    (row,) = rows(
        "npy",
        npy(
            f"{{'descr': {descr}, 'fortran_order': False, 'shape': (1,), }}\n", CALL if pickled else bytes(8)
        ),
    )
    assert row["pickled"] is pickled


def test_a_zip_that_inflates_without_end_is_bounded(monkeypatch):
    monkeypatch.setattr(form, "MOST_BYTES", 1000)
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(
            "w.npy", npy("{'descr': '<f8', 'fortran_order': False, 'shape': (9,), }", bytes(1 << 20))
        )
    (row,) = rows("npy", held.getvalue())
    assert row["complete"] is False


def test_tensors_that_hide_or_share_bytes_are_told():
    place = {"dtype": "F32", "shape": [2]}
    whole = {"a": {**place, "data_offsets": [0, 8]}, "b": {**place, "data_offsets": [8, 16]}}
    for body, (uncovered, overlaps) in (
        (bytes(16), (0, False)),
        (bytes(20), (4, False)),
        (bytes(12), (0, True)),
    ):
        (row,) = rows("safetensors", tensors(whole, body))
        assert (row["uncovered_bytes"], row["overlaps"]) == (uncovered, overlaps)
    whole["b"]["data_offsets"] = [4, 16]
    assert rows("safetensors", tensors(whole, bytes(16)))[0]["overlaps"] is True
    whole["b"]["data_offsets"] = [16, 4]
    assert whys("safetensors", tensors(whole, bytes(16))) == ["value"]
    assert whys("safetensors", struct.pack("<Q", 1 << 40) + b"{}") == ["too_long"]


def test_a_file_of_tensors_holds_nothing_to_call():
    data = (SAMPLES / "safetensors" / "plain.safetensors").read_bytes()
    (event,) = told("safetensors", data, "gpu01/scratch/model.safetensors")
    assert (event["object"], event["account"]) == ("/scratch/model.safetensors", None)
    assert "uncovered_bytes=0 overlaps=false" in event["text"]
