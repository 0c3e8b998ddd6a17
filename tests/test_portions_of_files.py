"""Files that may not be cut are read some rows at a time: what is told is what they tell whole, and no more is held at once."""

import random
from itertools import pairwise

import pyarrow as pa
import pytest
from test_formats import SAMPLES

from forensics import formats
from forensics.core import rowwise
from forensics.core.model import Parsed, Why, spans_of
from forensics.formats import apt_history, fstab, ls_listing, shell_startup, sshd_config, systemd_unit

NAMED = sorted(name for name, form in formats.registry().items() if hasattr(form, "portions"))
OWN = [sample for sample in SAMPLES if sample.parent.name in NAMED]


def rows(parsed):
    return [sorted(table.to_pylist(), key=lambda row: row["start"]) for table in parsed]


def test_every_file_that_is_read_line_by_line_is_read_in_portions():
    assert len(NAMED) >= 24
    assert all(formats.registry()[name].CUT == "whole" for name in NAMED)
    assert not hasattr(fstab, "portions")


@pytest.mark.parametrize("name", NAMED)
def test_portions_tell_what_the_file_tells(name, monkeypatch):
    """Of each sample, as it is and damaged; each portion follows the one before and has few rows."""
    monkeypatch.setattr(rowwise, "MOST_ROWS", 2)
    form, chance = formats.registry()[name], random.Random(3)  # noqa: S311 - the same files in every run
    several = 0
    for sample in (sample for sample in OWN if sample.parent.name == name):
        whole = sample.read_bytes()
        for data in (whole, *(damaged(whole, chance) for _ in range(6))):
            found = list(form.portions(data, 100))
            assert max(sum(map(len, each)) for each in found) <= 2
            edges = [100, *(stop_of(each) for each in found if sum(map(len, each)))]
            assert edges[-1] == 100 + len(data)
            assert all(a < b for a, b in pairwise(edges))
            with monkeypatch.context() as plain:
                plain.setattr(rowwise, "MOST_ROWS", 10**9)
                expected = rows(form.parse(data, 100))
            assert rows(Parsed(*map(pa.concat_tables, zip(*found, strict=True)))) == expected
            several += len(found) > 1
    assert several


def stop_of(parsed):
    return max(max(spans_of(table)[1].to_pylist()) for table in parsed if len(table))


def damaged(data, chance):
    start, stop = sorted(chance.randrange(len(data) + 1) for _ in range(2))
    return data[:start] + chance.choice([b"", b"\n\n\n", b"\\\n", b"'"]) + data[stop:]


def test_no_portion_holds_more_bytes_than_may_be(monkeypatch):
    monkeypatch.setattr(rowwise, "MOST_BYTES", 100)
    data = b"PermitRootLogin no\n" * 100
    found = list(sshd_config.portions(data, 0))
    assert sum(len(each.records) for each in found) == 100
    assert {len(each.records) for each in found[:-1]} == {6}


@pytest.mark.parametrize(
    "name", ["fish_history", "private_key", "scontrol_job", "sudoers", "systemd_unit", "zsh_history"]
)
def test_of_lines_that_are_too_many_to_be_one_record_few_are_held(name, monkeypatch):
    begun, goes_on = {
        "fish_history": (b"- cmd: a\n", b"    - b\n"),
        "private_key": (b"-----BEGIN RSA PRIVATE KEY-----\n", b"\n"),
        "scontrol_job": (b"JobId=1\n", b"a\n"),
        "sudoers": (b"a ALL=\\\n", b"\\\n"),
        "systemd_unit": (b"[Service]\nExecStart=\\\n", b"\\\n"),
        "zsh_history": (b"a\\\n", b"\\\n"),
    }[name]
    monkeypatch.setattr(rowwise, "LONGEST_LINE_BYTES", 200)
    held = []
    grow = rowwise.grow
    monkeypatch.setattr(rowwise, "grow", lambda group, line: grow(group, line) or held.append(len(group)))
    data = begun + goes_on * 5000
    parsed = formats.registry()[name].parse(data, 0)
    assert 10 < max(held) <= 203
    assert parsed.records.num_rows == 0
    assert len(parsed.rejected) == 1
    assert parsed.rejected["stop"].to_pylist() == [len(data)]


@pytest.mark.parametrize("things", [1, 2])
def test_a_command_line_says_so_much_and_is_rejected_beyond(things, monkeypatch):
    monkeypatch.setattr(shell_startup, "MOST_SAID", 1)
    parsed = shell_startup.parse(b"a=b;" * things + b"\n", 0)
    assert len(parsed.records) == (things == 1)
    assert parsed.rejected["why"].to_pylist() == [Why.TOO_LONG.value] * (things - 1)


def test_what_holds_for_many_lines_is_not_held_at_length_by_each():
    """A heading of half a megabyte above ten thousand lines took gigabytes."""
    long = b"x" * 500_000
    ssh = sshd_config.parse(b"Match User " + long + b"\n" + b"Port 1\n" * 100, 0).records.to_pylist()
    assert ssh[0]["value"] == "User " + long.decode()
    assert {row["block"] for row in ssh} == {("match User " + long.decode())[:4096]}
    unit = b"[Service]\nUser=" + long + b"\n" + b"ExecStart=a\n" * 9
    found = systemd_unit.parse(unit, 0).records.to_pylist()
    assert {row["user"] for row in found[1:]} == {"x" * 256}
    assert found[0]["value"] == long.decode()


ENTRY = b"-rw-r--r-- 1 kai kai 5 2026-11-23 10:00:00.000000000 +0100 a\n"


@pytest.mark.parametrize(("size", "kept"), [(4096, True), (4097, False)])
def test_a_heading_longer_than_any_path_names_no_folder_and_neither_does_the_one_before(size, kept):
    data = b"/srv:\n" + ENTRY + b"\n" + b"/" * size + b":\n" + ENTRY
    parsed = ls_listing.parse(data, 0)
    folders = [row["folder"] for row in parsed.records.to_pylist() if row["kind"] == "entry"]
    assert folders == ["/srv", "/" * size if kept else None]
    assert parsed.rejected["why"].to_pylist() == ([] if kept else ["too_long"])


def test_an_overlong_line_of_apt_is_rejected():
    """It was told to hold nothing."""
    run = b"Start-Date: 2026-11-23  10:00:00\nEnd-Date: 2026-11-23  10:00:01\n"
    parsed = apt_history.parse(run + b"Commandline: " + b"x" * (1 << 20) + b"\n" + run, 0)
    assert len(parsed.records) == 2
    assert parsed.rejected["why"].to_pylist() == ["too_long"]
    assert not len(parsed.ignored)
