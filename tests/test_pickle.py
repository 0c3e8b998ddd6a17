"""A pickle is listed, never loaded: what a loader would import, without importing it."""

import io
import os
import pickle
import tracemalloc
import zipfile
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forensics.core import picklecode
from forensics.core.tables import FILE
from forensics.formats import pickle as form
from forensics.readings import pickle as reading

ROOT = Path(__file__).parents[1]
SAMPLES = ROOT / "sample_logs" / "formats" / "pickle"


class Plants:
    """Loading this makes a folder."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.mkdir, (self.path,)


class Collecting(pickle.Unpickler):
    """The oracle: the loader itself, with every import noted and none made."""

    def __init__(self, data):
        super().__init__(io.BytesIO(data))
        self.names = []

    def find_class(self, module, name):
        self.names.append(f"{module}.{name}")
        return lambda *_, **__: None


def listed(data):
    return form.parse(data, 0).records.to_pylist()


def zipped(**members):
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(f"ckpt/{name}.pkl", content)
    return held.getvalue()


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
@pytest.mark.parametrize("wrap", [bytes, lambda code: zipped(data=code)], ids=["pickle", "torch"])
def test_nothing_is_run(tmp_path, protocol, wrap):
    mark = tmp_path / "planted"
    code = pickle.dumps(Plants(str(mark)), protocol)
    (row,) = listed(wrap(code))
    assert row["globals"] == [f"{os.mkdir.__module__}.mkdir"]
    assert row["reduces"] == 1
    assert str(mark) in row["strings"]
    assert not mark.exists()
    pickle.loads(code)  # noqa: S301 - our own, to show that it would have planted
    assert mark.exists()


@given(
    st.recursive(
        st.none()
        | st.integers()
        | st.text()
        | st.binary()
        | st.floats()
        | st.sampled_from([os.mkdir, len, Path]),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner) | st.tuples(inner, inner),
    ),
    st.integers(2, 5),
)
@settings(max_examples=50, deadline=None)
def test_names_are_those_that_a_loader_asks_for(value, protocol):
    code = pickle.dumps(value, protocol)
    loader = Collecting(code)
    loader.load()
    (row,) = listed(code)
    assert row["globals"] == list(dict.fromkeys(loader.names))
    assert row["complete"]
    assert (row["start"], row["stop"]) == (0, len(code))


@pytest.mark.parametrize(
    "name",
    [
        "names_through_memo_and_dup.pkl",
        "old_protocol.pkl",
        "payload_before_damage.pkl",
        "stack_global_system.pkl",
    ],
)
def test_planted_names_are_those_that_a_loader_asks_for(name):
    data = (SAMPLES / name).read_bytes()
    loader = Collecting(data)
    try:
        loader.load()
    except pickle.UnpicklingError:
        assert name == "payload_before_damage.pkl"
    assert loader.names
    assert listed(data)[0]["globals"] == loader.names


def test_what_stands_before_a_damage_is_listed():
    """A loader has called it by then."""
    read = form.parse((SAMPLES / "payload_before_damage.pkl").read_bytes(), 0)
    (row,) = read.records.to_pylist()
    assert (row["globals"], row["complete"]) == (["posix.system"], False)
    assert read.rejected.to_pylist() == [{"start": row["stop"], "stop": 43, "why": "shape"}]


def test_a_second_pickle_behind_the_first_is_listed():
    assert [r["globals"] for r in listed((SAMPLES / "hidden_second_pickle.pkl").read_bytes())] == [
        [],
        ["posix.system"],
    ]


def test_every_pickle_of_a_zip_is_listed():
    code = pickle.dumps({"step": 1}), pickle.dumps(len)
    (row,) = listed(zipped(data=code[0], constants=code[1]))
    assert row["globals"] == ["builtins.len"]
    assert row["content_bytes"] == len(code[0]) + len(code[1])


def test_a_zip_that_inflates_past_the_bound_is_refused(monkeypatch):
    monkeypatch.setattr(form, "MOST_BYTES", 1000)
    read = form.parse(zipped(data=bytes(1001)), 0)
    assert read.rejected["why"].to_pylist() == ["compression"]
    beside = listed(zipped(data=pickle.dumps(len), more=bytes(1001)))
    assert [(r["globals"], r["complete"]) for r in beside] == [(["builtins.len"], False)]


def test_a_zip_is_inflated_no_further_than_the_bound(monkeypatch):
    monkeypatch.setattr(form, "MOST_BYTES", 1000)
    bomb = zipped(data=bytes(30 << 20))
    tracemalloc.start()
    form.parse(bomb, 0)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 5 << 20


def text(value):
    return b"\x8c" + bytes([len(value)]) + value


@pytest.mark.parametrize(
    "between",
    [
        b"(NN1",  # a mark, and all above it dropped again
        b"](Ne0",  # a list that takes what stands above a mark
        b"q\x05q\x030h\x03",  # kept in the memo under numbers out of order
        b"20",  # doubled and dropped
    ],
)
def test_names_are_followed_over_what_stands_between(between):
    code = b"\x80\x04" + text(b"os") + text(b"mkdir") + between + b"\x93."
    (row,) = listed(code)
    loader = Collecting(code)
    loader.load()
    assert row["globals"] == loader.names == ["os.mkdir"]


def test_opcodes_are_bounded(monkeypatch):
    monkeypatch.setattr(picklecode, "MOST_OPCODES", 100)
    read = form.parse(b"\x80\x04" + b"N0" * 1000 + b"N.", 0)
    assert read.rejected["why"].to_pylist() == ["too_long"]


def test_strings_are_bounded():
    (row,) = listed(pickle.dumps([f"{n}" * 5000 for n in range(2000)], 4))
    assert len(row["strings"]) == 1000
    assert max(map(len, row["strings"])) == 4096


@given(
    st.binary(max_size=60),
    st.sampled_from([b"", b"\x80\x04", b"PK\x03\x04", b"\x80\x02c", b"\x80\x04\x8c\x02os"]),
)
@settings(max_examples=50, deadline=None)
def test_noise_is_accounted_for(noise, mark):
    data = mark + noise
    spans = sorted(
        (r["start"], r["stop"]) for t in form.parse(data, 0) for r in t.select(["start", "stop"]).to_pylist()
    )
    assert [0, *(stop for _, stop in spans)] == [*(start for start, _ in spans), len(data)]


def test_the_poisoned_checkpoint_says_what_it_would_run():
    data = (ROOT / "sample_logs/incidents/poisoned_checkpoint/evidence/files/latest.pt").read_bytes()
    assert form.recognise(data, "files/latest.pt") == 90
    records = form.parse(data, 0).records
    sealed = records.add_column(0, "sha256", pa.array(["a" * 64], pa.string()))
    files = FILE.build(
        {
            "sha256": ["a" * 64] * 2,
            "path": ["ckpt/latest.pt", "ckpt/step4.pt"],
            "bytes": [len(data)] * 2,
            "kind": ["file"] * 2,
            "held": ["copied"] * 2,
            "domain": ["login01:files"] * 2,
            **{name: [0] * 2 for name in ("parsed", "rejected", "ignored")},
        }
    )
    told = reading.read(sealed, files, zone="UTC", anchor_ns=None)
    assert told["event"]["object"].to_pylist() == ["ckpt/latest.pt", "ckpt/step4.pt"]
    assert told["event"]["text"].to_pylist()[0] == "pickle with 1 calls; globals: posix.system"
    copy = told["copy"].to_pylist()
    assert [c["path"] for c in copy] == ["ckpt/latest.pt", "ckpt/step4.pt"]
    assert any("kill -9" in text for text in copy[0]["strings"])
