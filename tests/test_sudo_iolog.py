"""Recorded sudo sessions: who asked for whose rights, and agreement with sudo's own samples."""

import json
import re
from importlib import import_module
from pathlib import Path

import pyarrow as pa
import pytest

from forensics.core.tables import FILE
from forensics.formats import recognise, registry

UPSTREAM = Path(__file__).parents[2] / "shared" / "samples" / "sudo" / "lib" / "iolog" / "regress"
CORPUS = UPSTREAM / "corpus" / "seed"
S = 1_795_446_697
beside = pytest.mark.skipif(
    not CORPUS.exists(), reason="the samples of other projects are not beside this checkout"
)


def told(form, data, path="login01/var/log/sudo-io/00/00/01/log"):
    found = registry()[form].parse(data, 0).records
    sealed = found.add_column(0, "sha256", pa.array(["a" * 64] * found.num_rows, pa.string()))
    file = {"sha256": "a" * 64, "path": path, "host": "login01", "bytes": 1, "kind": "file", "held": "copied"}
    file |= dict.fromkeys(("parsed", "rejected", "ignored"), 0) | {"domain": "login01:root"}
    files = FILE.build({name: [file.get(name)] for name in FILE.names})
    reading = import_module(f"forensics.readings.{form}")
    return reading.read(sealed, files, zone="UTC", anchor_ns=None)["event"].to_pylist()


def log(**more):
    said = {"timestamp": {"seconds": S, "nanoseconds": 7}, "command": "/usr/bin/id", "submituser": "mei"}
    return json.dumps(said | more, indent=4).encode()


def test_one_account_asked_for_the_rights_of_another():
    (e,) = told("sudo_iolog", log(runuser="dao", runuid=4104, runargv=["id", "-u"], submithost="gpu01", submitcwd="/home/mei", ttyname="/dev/pts/3"))  # fmt: skip
    assert (e["verb"], e["outcome"], e["account"], e["effective"], e["euid"]) == (
        "sudo",
        "success",
        "mei",
        "dao",
        4104,
    )
    assert (e["host"], e["tty"], e["exe"], e["argv"], e["cwd"]) == (
        "gpu01",
        "pts/3",
        "/usr/bin/id",
        ["id", "-u"],
        "/home/mei",
    )
    assert (e["earliest_ns"], e["latest_ns"]) == (S * 10**9 + 7, S * 10**9 + 7)


def test_what_is_not_said_is_null():
    (e,) = told("sudo_iolog", log())
    assert (e["effective"], e["euid"], e["tty"], e["host"], e["text"]) == (
        None,
        None,
        None,
        "login01",
        "/usr/bin/id",
    )


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (log(timestamp=5), "time"),
        (log(timestamp={"seconds": -1}), "time"),
        (log(timestamp={"seconds": S, "nanoseconds": 10**9}), "time"),
        (log(submituser=7), "value"),
        (log(command=None), "value"),
        (log()[:-9], "truncated"),
        (b"[" + log() + b"]", "shape"),
        (b'{"a": "' + b"x" * (1 << 20) + b'"}', "too_long"),
    ],
)
def test_what_cannot_be_is_rejected_whole(data, why):
    parsed = registry()["sudo_iolog"].parse(data, 9)
    assert parsed.rejected.to_pylist() == [{"start": 9, "stop": 9 + len(data), "why": why}]


def test_a_newline_in_a_folder_is_no_command():
    head = b"%d:kai:root::/dev/pts/3:24:80\n" % S
    (plain,) = told("sudo_iolog_legacy", head + b"/home/kai\n/usr/bin/id -u\n")
    assert (plain["account"], plain["effective"], plain["cwd"], plain["exe"], plain["text"]) == (
        "kai", "root", "/home/kai", "/usr/bin/id", "/usr/bin/id -u",
    )  # fmt: skip
    (planted,) = told("sudo_iolog_legacy", head + b"/home/kai\n/usr/bin/id\n/usr/bin/rm -rf /\n")
    assert (planted["account"], planted["exe"], planted["cwd"]) == ("kai", None, None)


def test_timing_tells_how_long_after_the_start():
    first, second = told("sudo_timing", b"3 1.500000000 1\n4 0,000000001 9\n")
    assert first["text"] == "ttyin 1 bytes, 1.500000000 s after the start"
    assert second["text"] == "ttyout 9 bytes, 1.500000001 s after the start"
    assert (second["earliest_ns"], second["account"]) == (None, None)


@beside
@pytest.mark.parametrize("name", ["make", "id", "ls", "mailq"])
def test_agrees_with_sudo_on_its_json(name):
    data = (CORPUS / "log_json" / f"{name}.json").read_bytes()
    assert recognise(data, "x") == "sudo_iolog"
    (row,) = registry()["sudo_iolog"].parse(data, 0).records.to_pylist()
    said = json.loads(data)
    stamp = said.pop("timestamp")
    assert row["epoch_ns"] == stamp["seconds"] * 10**9 + stamp["nanoseconds"]
    names = {
        "submituser": "submit_user", "submithost": "submit_host", "submitcwd": "submit_cwd", "ttyname": "tty",
        "runuser": "run_user", "runuid": "run_uid", "rungroup": "run_group", "rungid": "run_gid", "runcwd": "run_cwd",
        "runargv": "argv", "runenv": "environment", "command": "command", "lines": "lines", "columns": "columns",
    }  # fmt: skip
    assert {names[key]: value for key, value in said.items()} == {names[key]: row[names[key]] for key in said}
    assert row["rest"] is None


@beside
@pytest.mark.parametrize("path", ["make", "id", "ls", "mailq", "less", "regress"])
def test_agrees_with_sudo_on_its_old_logs(path):
    file = UPSTREAM / "iolog_filter/test1/log" if path == "regress" else CORPUS / "log_legacy" / f"{path}.log"
    data = file.read_bytes()
    assert recognise(data, "x") == "sudo_iolog_legacy"
    (row,) = registry()["sudo_iolog_legacy"].parse(data, 0).records.to_pylist()
    first, cwd, command = data.decode().rstrip("\n").split("\n")
    told_first = [
        str(row[c] or "")
        for c in ("epoch_s", "submit_user", "run_user", "run_group", "tty", "lines", "columns")
    ]
    assert (":".join(told_first), row["cwd"], row["command"]) == (first, cwd, command)


@beside
@pytest.mark.parametrize(
    "path", [f"corpus/seed/timing/timing.{n}" for n in range(1, 6)] + ["iolog_filter/test1/timing"]
)
def test_agrees_with_sudo_on_its_timing(path):
    data = (UPSTREAM / path).read_bytes()
    assert recognise(data[:65536], "x") == "sudo_timing"
    parsed = registry()["sudo_timing"].parse(data, 0)
    assert parsed.rejected.num_rows == 0
    shown = [
        " ".join([str(r["kind"]), f"{r['delay_ns'] // 10**9}.{r['delay_ns'] % 10**9:09}", *(str(r[c]) for c in ("bytes", "lines", "columns", "signal") if r[c] is not None)])
        for r in parsed.records.to_pylist()
    ]  # fmt: skip
    nine = [
        re.sub(r"\.(\d+)", lambda m: "." + m[1].ljust(9, "0"), line) for line in data.decode().splitlines()
    ]
    assert shown == nine
