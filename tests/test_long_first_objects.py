"""A file whose first object of JSON is longer than what is seen of a file is recognised all the same, and read whole."""

import gzip
import json

import pytest

from forensics import formats, pipeline
from forensics.core import jsonlayout
from forensics.pipeline import files
from forensics.store import parquet

LONG = "y" * (files.HEAD_BYTES + 9)
EVENT = {
    "kind": "Event", "apiVersion": "audit.k8s.io/v1", "level": "Request", "auditID": "1", "stage": "ResponseComplete", "verb": "create",
    "user": {"username": "kai"}, "sourceIPs": ["10.0.0.3"], "objectRef": {"resource": "pods", "namespace": "ml", "name": "train-0"},
    "responseStatus": {"code": 201}, "requestReceivedTimestamp": "2026-11-23T15:11:37.046885Z", "stageTimestamp": "2026-11-23T15:11:37.050000Z",
}  # fmt: skip
ENTRY = {
    "__CURSOR": "s=a;i=1",
    "__REALTIME_TIMESTAMP": "1795446697046885",
    "_BOOT_ID": "0" * 32,
    "_UID": "0",
    "_PID": "7",
    "MESSAGE": "x",
}
ADDED = {"requestObject": {"kind": "Pod", "metadata": {"annotations": {"x": LONG}}}}
CASES = {
    "a line": ("k8s_audit", EVENT | ADDED, EVENT, "lines"),
    "what is long stands first": ("k8s_audit", ADDED | EVENT, EVENT, "lines"),
    "laid out": ("k8s_audit_laid_out", EVENT | ADDED, EVENT, "laid out"),
    "a list": ("k8s_audit_laid_out", EVENT | ADDED, EVENT, "list"),
    "an array": ("k8s_audit_laid_out", ADDED | EVENT, EVENT, "array"),
    "a line of the journal": ("journal_json", {"X": LONG} | ENTRY, ENTRY, "lines"),
    "an entry laid out": ("journal_json", {"X": LONG} | ENTRY, ENTRY, "laid out"),
}


def written(first, second, how):
    if how == "lines":
        return "".join(json.dumps(each, separators=(",", ":")) + "\n" for each in (first, second))
    if how == "list":
        return json.dumps(
            {"kind": "EventList", "apiVersion": "audit.k8s.io/v1", "items": [first, second]}, indent=2
        )
    return (
        json.dumps([first, second], indent=2)
        if how == "array"
        else "\n".join(json.dumps(e, indent=2) for e in (first, second))
    )


@pytest.mark.parametrize(("name", "first", "second", "how"), CASES.values(), ids=CASES)
@pytest.mark.parametrize("packed", [False, True], ids=["plain", "gzip"])
def test_it_is_read(name, first, second, how, packed, tmp_path):
    text = written(first, second, how).encode()
    (tmp_path / "evidence").mkdir()
    (tmp_path / "evidence" / "x").write_bytes(gzip.compress(text, mtime=0) if packed else text)
    pipeline.create(tmp_path / "case")
    pipeline.seal(tmp_path / "case", [tmp_path / "evidence"])
    pipeline.ingest(tmp_path / "case")
    (file,) = parquet.read(tmp_path / "case" / "tables", "file").to_pylist()
    assert (file["format"], file["rejected"]) == (name, 0)
    assert parquet.count(tmp_path / "case" / "tables", name) == 2


@pytest.mark.parametrize(
    "text",
    [
        b"[" * files.OBJECT_BYTES,
        b'{"a":' * (files.OBJECT_BYTES // 5),
        b'{"kind":"Event","x":"' + b"audit" * files.OBJECT_BYTES,
    ],
)
def test_what_never_ends_is_of_no_format(text):
    """Of such a file so much is looked at and no more."""
    assert jsonlayout.begins(text)
    assert formats.of_objects(text[: files.OBJECT_BYTES], "x") == (None, False)


def test_an_event_hub_s_list_is_read():
    """Azure hands audit events over in lists, each event as a text."""
    wrapped = {
        "category": "kube-audit",
        "properties": {"log": json.dumps(EVENT) + "\n", "pod": "kube-apiserver-x"},
    }
    data = json.dumps({"records": [wrapped, wrapped]}).encode()
    for text, name in (
        (data + b"\n", "k8s_audit"),
        (json.dumps({"records": [wrapped, wrapped]}, indent=1).encode(), "k8s_audit_laid_out"),
    ):
        assert formats.recognise(text, "x") == name
        parsed = formats.parsed(name, text, 0, anew=False)
        assert [(r["user"], r["verb"], r["wrapping"]) for r in parsed.records.to_pylist()] == [
            ("kai", "create", parsed.records["wrapping"][0].as_py())
        ] * 2
        assert not len(parsed.rejected)


def test_a_request_that_holds_a_list_called_so_is_no_list():
    """What somebody writes into an object of theirs makes no list of the line that it stands in."""
    event = EVENT | {
        "requestObject": {"kind": "ConfigMap", "records": [EVENT | {"user": {"username": "lin"}}]}
    }
    parsed = formats.parsed("k8s_audit", json.dumps(event).encode() + b"\n", 0, anew=False)
    assert [r["user"] for r in parsed.records.to_pylist()] == ["kai"]
