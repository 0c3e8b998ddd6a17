"""What package managers write: what should be there, what came and went, and nobody named by it."""

import hashlib
from importlib import import_module

import pyarrow as pa
import pytest
from told import events

from forensics import pipeline
from forensics.core import clock, hostevents
from forensics.formats import apt_history, recognise, registry
from forensics.store import parquet

SECOND = 1_000_000_000
SITE = "gpu01/opt/env/lib/python3.11/site-packages"


EMPTY = hashlib.sha256(b"").hexdigest()
LINE = b"torch/serialization.py,sha256=47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU,0\n"


def test_a_recorded_digest_is_the_files_own_hash():
    (e,) = events("pip_record", LINE, f"{SITE}/torch-2.9.1.dist-info/RECORD")
    assert (e["verb"], e["object_kind"]) == ("expected", "path")
    assert e["object"] == "/opt/env/lib/python3.11/site-packages/torch/serialization.py"
    assert e["text"] == f"sha256:{EMPTY} size=0"
    assert (e["earliest_ns"], e["account"], e["account_absence"]) == (None, None, "not_recorded")


def test_a_script_lies_where_the_list_leads():
    data = b"../../../bin/torchrun,,\n"
    (e,) = events("pip_record", data, f"{SITE}/torch-2.9.1.dist-info/RECORD")
    assert (e["object"], e["text"]) == ("/opt/env/bin/torchrun", None)


def test_a_list_away_from_its_packages_places_nothing():
    (e,) = events("pip_record", LINE, "gpu01/var/tmp/RECORD")
    assert e["object"] == "torch/serialization.py"


def test_two_environments_are_two_facts():
    paths = [f"{host}/opt/env/lib/python3.11/site-packages/torch-2.9.1.dist-info/RECORD" for host in ("gpu01", "gpu02")]  # fmt: skip
    told = events("pip_record", LINE, *paths)
    assert [e["host"] for e in told] == ["gpu01", "gpu02"]
    assert [e["event_id"].rpartition(".")[2] for e in told] == ["0", "1"]
    assert {e["domain"] for e in told} == {"gpu01:files", "gpu02:files"}


@pytest.mark.parametrize(
    "digest",
    [b"sha256=47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuF", b"sha256=", b"sha256=" + b"A" * 44, b"md5=" + b"A" * 43],
)  # fmt: skip
def test_a_digest_of_another_size_is_none(digest):
    assert registry()["pip_record"].parse(b"a.py," + digest + b",1\n", 0).records.num_rows == 0


META = b'{"build_number": 0, "extracted_package_dir": "x", "name": "torch", "version": "2", "paths_data": {"paths": [{"_path": "lib/a.so", "sha256": "%s", "sha256_in_prefix": "%s", "size_in_bytes": 3}]}, "files": ["lib/a.so", "lib/b.pyc"]}'


def test_the_hash_as_installed_is_what_a_file_should_hold():
    data = META % (b"a" * 64, b"b" * 64)
    told = events("conda_meta", data, "gpu01/opt/env/conda-meta/torch-2.json")
    assert [e["verb"] for e in told] == ["package", "expected", "expected"]
    assert [e["object"] for e in told] == ["torch", "/opt/env/lib/a.so", "/opt/env/lib/b.pyc"]
    assert [e["text"] for e in told[1:]] == [f"sha256:{'b' * 64} size=3", None]
    assert {e["earliest_ns"] for e in told} == {None}


def test_where_the_installed_hash_is_missing_the_packaged_one_counts():
    data = META.replace(b'"sha256_in_prefix": "%s", ', b"") % (b"a" * 64)
    told = events("conda_meta", data, "gpu01/opt/env/conda-meta/a.json", "gpu02/opt/env/conda-meta/a.json")
    assert [e["text"] for e in told if e["object"] == "/opt/env/lib/a.so"] == [
        f"sha256:{'a' * 64} size=3"
    ] * 2
    assert len({e["event_id"] for e in told}) == 6


HISTORY = b"==> 2026-10-25 02:30:00 <==\n# cmd: conda install x > train.py\n+x-1-0\n-y-1-0\n"


def test_a_change_has_the_time_of_its_heading():
    told = events("conda_history", HISTORY, zone="Europe/Amsterdam")
    assert [e["verb"] for e in told] == ["other", "package", "package", "package"]
    assert {e["latest_ns"] - e["earliest_ns"] + 1 for e in told} == {3601 * SECOND}
    assert [e["object"] for e in told[2:]] == ["x-1-0", "y-1-0"]
    assert [e["text"] for e in told[1:3]] == ["command conda install x > train.py", "added x-1-0"]


def test_a_line_above_every_heading_has_no_time():
    first, _ = events("conda_history", b"+x-1-0\n==> 2026-11-22 10:00:00 <==\n")
    assert (first["verb"], first["earliest_ns"]) == ("package", None)


def test_a_step_of_dpkg_names_its_package_and_nobody():
    (e,) = events("dpkg_log", b"2026-11-23 15:11:00 remove auditd:amd64 1:3.0.9-1 <none>\n")
    assert (e["verb"], e["object"], e["account"]) == ("package", "auditd:amd64", None)
    assert e["text"] == "remove auditd:amd64 1:3.0.9-1 <none>"
    assert clock.written(e["earliest_ns"]) == "2026-11-23T15:11:00.000Z"


def test_a_configuration_file_is_no_package():
    (e,) = events("dpkg_log", b"2026-11-23 15:11:00 conffile /etc/a file keep\n")
    assert (e["verb"], e["object"]) == ("other", None)


def test_equal_logs_of_two_hosts_are_two_facts():
    line = b"2026-11-23 15:11:00 remove auditd:amd64 1:3.0.9-1 <none>\n"
    told = events("dpkg_log", line, "gpu01/var/log/dpkg.log", "gpu02/var/log/dpkg.log")
    assert [(e["host"], e["clock"]) for e in told] == [(h, f"{h}:dpkg_log") for h in ("gpu01", "gpu02")]


RUN = b"Start-Date: 2026-11-22  10:00:00\nCommandline: apt-get install x\nRequested-By: kai (4101)\nInstall: x:amd64 (1), y:amd64 (2, automatic)\nEnd-Date: 2026-11-22  10:00:04\n"


def test_who_asked_apt_is_text_and_no_account():
    told = events("apt_history", RUN)
    assert [e["text"] for e in told] == [
        "apt-get install x requested-by=kai (4101)",
        "install x:amd64 1",
        "install y:amd64 2, automatic",
    ]
    assert {(e["account"], e["uid"], e["effective"]) for e in told} == {(None, None, None)}
    assert {e["latest_ns"] - e["earliest_ns"] + 1 for e in told} == {5 * SECOND}


def test_a_list_that_holds_more_than_packages_is_not_read():
    """Reading around what does not fit would let it choose what is read."""
    bad = RUN.replace(b"x:amd64 (1), ", b"x:amd64 (1), Remove: ")
    assert apt_history.parse(bad, 0).rejected["why"].to_pylist() == ["value"]


def test_dnf_keeps_its_offset():
    (e,) = events("dnf_log", b"2026-11-22T10:00:03+0100 SUBDEBUG Installed: x-1.noarch\n")
    assert (clock.written(e["earliest_ns"]), e["object"]) == ("2026-11-22T09:00:03.000Z", "x-1.noarch")


def test_yum_infers_the_year_and_says_so_by_needing_an_anchor():
    (e,) = events("yum_log", b"Nov 22 10:00:00 Erased: audit-2.8.5-4.el7.x86_64\n")
    assert clock.written(e["earliest_ns"]) == "2026-11-22T10:00:00.000Z"
    assert import_module("forensics.readings.yum_log").NEEDS_ANCHOR


@pytest.mark.parametrize(
    "head", [b"2026-11-22T10:00:00Z INFO started\n", b"Nov 22 10:00:00 login01 yum[7]: Installed: x\n", b"a,b,1\n", b'{"build_number": 1}\n']
)  # fmt: skip
def test_what_only_looks_like_it_is_left_to_others(head):
    ours = {"dnf_log", "yum_log", "pip_record", "conda_meta", "apt_history", "dpkg_log", "conda_history"}
    assert recognise(head, "login01/var/log/x") not in ours


def test_pairs_leave_out_what_is_null():
    values = {"": pa.array(["a", None, None]), "n": pa.array([1, None, 0]), "w": pa.array([None, None, " "])}
    assert hostevents.pairs(values).to_pylist() == ["a n=1", None, "n=0 w="]


def test_a_log_of_a_hosts_whole_life_does_not_date_another(tmp_path):
    """A year of updates has its middle in summer; the messages without a year are of the night of the incident."""
    logs = tmp_path / "gpu01" / "var" / "log"
    logs.mkdir(parents=True)
    updates = b"".join(b"2024-06-%02d 10:00:00 install x:all <none> 1\n" % day for day in range(1, 31))
    (logs / "dpkg.log").write_bytes(updates)
    (logs / "history.log").write_bytes(RUN.replace(b"2026", b"2024") * 9)
    (logs / "changelog").write_bytes(b"7 17MTIME 15:11:37.404255474 2026.11.23 0x1 t=[0x200000402:0x2:0x0]\n")
    (logs / "yum.log").write_bytes(b"Nov 22 10:00:00 Erased: audit-2.8.5-4.el7.x86_64\n")
    case = tmp_path / "case"
    pipeline.create(case)
    pipeline.seal(case, [tmp_path / "gpu01"])
    pipeline.ingest(case)
    told = {e["format"]: e["earliest_ns"] for e in parquet.read(case / "tables", "event").to_pylist()}
    assert clock.written(told["yum_log"]) == "2026-11-22T10:00:00.000Z"
    assert clock.written(told["dpkg_log"]).startswith("2024-06-")


INFO = f"{SITE}/trainhooks-0.3.1.dist-info"


def test_where_a_package_came_from():
    data = b'{"url": "file:///srv/proj/hooks", "dir_info": {"editable": true}}'
    (e,) = events("pip_direct_url", data, f"{INFO}/direct_url.json")
    assert (e["verb"], e["object_kind"], e["object"]) == ("expected", "package", "trainhooks 0.3.1")
    assert (e["text"], e["account"], e["earliest_ns"]) == ("from file:///srv/proj/hooks editable", None, None)
    (e,) = events("pip_direct_url", data, "gpu01/srv/direct_url.json")
    assert (e["object_kind"], e["object"]) == ("source", "file:///srv/proj/hooks")
    (e,) = events("pip_installer", b"uv\n", f"{INFO}/INSTALLER")
    assert (e["object"], e["text"]) == ("trainhooks 0.3.1", "installed by uv")
    assert recognise(b"uv\n", f"{INFO}/INSTALLER") == "pip_installer"
    assert recognise(b"uv\n", f"{INFO}/top_level.txt") != "pip_installer"


def test_a_description_says_nothing_of_the_package():
    data = (
        b"Metadata-Version: 2.1\nName: a\nVersion: 1\nRequires-Dist: b\n\nRequires-Dist: planted\nName: c\n"
    )
    told = events("pip_metadata", data, f"{INFO}/METADATA", f"{SITE.replace('gpu01', 'gpu02')}/METADATA")
    assert [(e["host"], e["object"], e["text"]) for e in told] == [
        ("gpu01", "a 1", "needs b"),
        ("gpu02", "a 1", "needs b"),
    ]


def test_a_list_by_time_is_placed_by_its_words():
    lines = {
        "Mon 23 Nov 2026 03:11:37 PM UTC": "2026-11-23T15:11:37.000Z",
        "Mon 23 Nov 2026 15:11:37 CET": "2026-11-23T14:11:37.000Z",
        "Sun 22 Nov 2026 12:00:00 AM": "2026-11-21T23:00:00.000Z",
        "Mon Nov  2 09:05:04 2026": "2026-11-02T08:05:04.000Z",
        "Mon 30 Feb 2026 09:05:04 UTC": None,
    }
    data = "".join(f"x-1-{n}.noarch  {wall}\n" for n, wall in enumerate(lines)).encode()
    told = events("rpm_last", data, "gpu01/rpm.txt", zone="Europe/Amsterdam")
    starts = [e["earliest_ns"] for e in told]
    assert [s if s is None else clock.written(s) for s in starts] == list(lines.values())
    assert {(e["verb"], e["account"]) for e in told} == {("package", None)}
    # An hour that came twice is both; the short name of the zone is no zone.
    (twice,) = events(
        "rpm_last", b"x-1-1.noarch  Sun 25 Oct 2026 02:30:00 CEST\n", "gpu01/rpm.txt", zone="Europe/Amsterdam"
    )
    assert twice["latest_ns"] - twice["earliest_ns"] == 3601 * SECOND - 1
