"""Files that may not be cut are read some rows at a time: what is told is what they tell whole, and no more is held at once."""

import random
from itertools import pairwise

import pyarrow as pa
import pytest
from drawn import examples
from test_formats import SAMPLES

from forensics import formats
from forensics.core import lines, rowwise, sqlitefile
from forensics.core.model import Parsed, Why, spans_of
from forensics.formats import (
    apt_history,
    bash_history,
    fstab,
    git_push_cert,
    git_ref,
    journal_export,
    journal_verbose,
    ls_listing,
    shell_startup,
    sshd_config,
    systemd_unit,
)

NAMED = sorted(name for name, form in formats.registry().items() if hasattr(form, "portions"))
OWN = [sample for sample in SAMPLES if sample.parent.name in NAMED]


def rows(parsed):
    return [sorted(table.to_pylist(), key=lambda row: row["start"]) for table in parsed]


def test_every_file_that_is_read_line_by_line_is_read_in_portions():
    assert len(NAMED) >= 30
    assert all(formats.registry()[name].CUT == "whole" for name in NAMED)
    assert not hasattr(fstab, "portions")


def portioned(monkeypatch, rows, size):
    """Have files read so many rows at a time, or lines that begin within so many bytes."""
    monkeypatch.setattr(rowwise, "MOST_ROWS", rows)
    monkeypatch.setattr(lines, "RUN_BYTES", size)
    monkeypatch.setattr(sqlitefile, "_MOST_WEIGHT", size)


@pytest.mark.parametrize("name", NAMED)
def test_portions_tell_what_the_file_tells(name, monkeypatch):
    """Of each sample, as it is and damaged; each portion follows the one before and has few rows."""
    portioned(monkeypatch, 2, 1)
    form, chance = formats.registry()[name], random.Random(3)  # noqa: S311 - the same files in every run
    several = 0
    for sample in (sample for sample in OWN if sample.parent.name == name):
        whole = sample.read_bytes()
        for data in (whole, *(damaged(whole, chance) for _ in range(examples(6)))):
            found = list(form.portions(data, 100))
            assert max(sum(map(len, each)) for each in found) <= 2
            edges = [100, *(stop_of(each) for each in found if sum(map(len, each)))]
            assert edges[-1] == 100 + len(data)
            assert all(a < b for a, b in pairwise(edges))
            with monkeypatch.context() as plain:
                portioned(plain, 10**9, 10**9)
                expected = rows(form.parse(data, 100))
            assert rows(Parsed(*map(pa.concat_tables, zip(*found, strict=True)))) == expected
            for many, size in ((1, 30), (3, 90)):
                with monkeypatch.context() as other:
                    portioned(other, many, size)
                    assert rows(form.parse(data, 100)) == expected
            several += len(found) > 1
    assert several


def stop_of(parsed):
    return max(max(spans_of(table)[1].to_pylist()) for table in parsed if len(table))


def damaged(data, chance):
    start, stop = sorted(chance.randrange(len(data) + 1) for _ in range(2))
    return data[:start] + chance.choice([b"", b"\n\n\n", b"\\\n", b"'", b"\xff\n"]) + data[stop:]


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


HISTORY = [
    b"#1795446707\n", b"#1795446800\r\n", b"#179544680", b"#x\n", b"\n", b"ls -l\n", b"cd /srv/proj\r\n", b"x" * 60 + b"\n",
    b"#17954467071\n", b"#1795446707\r\r\n", b"y\xff\n", b"z" * 200 + b"\n",
]  # fmt: skip


@pytest.mark.parametrize("size", [1, 10, 20, 40])
def test_a_history_tells_the_same_wherever_it_is_cut(size, monkeypatch):
    """A time belongs to what follows it, and a line between two has both beside it, however far they are; some lines are too long."""
    monkeypatch.setattr(bash_history, "LONGEST_LINE_BYTES", 50)
    chance, cut, long = random.Random(11), 0, 0  # noqa: S311 - the same files in every run
    for _ in range(examples(700)):
        weights = [chance.random() ** 2 for _ in HISTORY]
        data = b"".join(chance.choices(HISTORY, weights)[0] for _ in range(chance.randrange(14)))
        with monkeypatch.context() as plain:
            plain.setattr(lines, "RUN_BYTES", 10**9)
            expected = list(bash_history.portions(data, 100))
        assert len(expected) == 1
        with monkeypatch.context() as short:
            short.setattr(lines, "RUN_BYTES", size)
            short.setattr(bash_history, "_LONGEST_UNIT_BYTES", 114)
            found = list(bash_history.portions(data, 100))
        assert rows(rowwise.whole(found)) == rows(expected[0]), data
        cut += len(found) > 1
        long += len(expected[0].rejected)
    assert min(cut, long) > 50


@pytest.mark.parametrize("line", [b"\n", b"a\n", b"#1795446707\n"])
@pytest.mark.parametrize("first", [b"#1795446707\n", b"ls\n"])
def test_of_a_history_little_is_looked_at_at_once(first, line, monkeypatch):
    monkeypatch.setattr(lines, "RUN_BYTES", 300)
    monkeypatch.setattr(bash_history, "_LONGEST_UNIT_BYTES", 100)
    seen = []
    cut = bash_history.cut
    monkeypatch.setattr(bash_history, "cut", lambda data, base: seen.append(len(data)) or cut(data, base))
    parsed = bash_history.parse(first + line * 3000, 0)
    assert max(seen, default=0) <= 420
    assert sum(map(spanned, parsed)) == len(first + line * 3000)


def spanned(table):
    return sum(stop - start for start, stop in zip(*map(pa.Array.to_pylist, spans_of(table)), strict=True))


REFS = [b"a" * 40 + b" refs/heads/main\n", b"^" + b"b" * 40 + b"\n", b"^" + b"b" * 40 + b" " * 60 + b"\n"]


@pytest.mark.parametrize(
    ("name", "own"),
    [
        ("conda_history", [b"==> 2026-11-22 10:00:00 <==\n", b"+a::b-1-0\n"]),
        ("git_ref", REFS),
        ("scontrol_config", [b"Configuration data as of 2026-11-23T10:00:00\n", b"Cgroup Support:\n", b"A = 1\n"]),
    ],
)  # fmt: skip
def test_lines_that_are_too_long_are_told_alike_wherever_it_is_cut(name, own, monkeypatch):
    monkeypatch.setattr(lines, "LONGEST_LINE_BYTES", 50)
    monkeypatch.setattr(git_ref, "LONGEST_LINE_BYTES", 50)
    form, chance, bad = formats.registry()[name], random.Random(7), 0  # noqa: S311 - the same files in every run
    for _ in range(examples(150)):
        choice = [*own, b"\n", b"x" * 50 + b"\r\n", b"x" * 51 + b"\n", b"y" * 90 + b"\n", b"z" * 90, b"# a\n"]
        data = b"".join(chance.choice(choice) for _ in range(chance.randrange(12)))
        told = []
        for size in (10**9, 1, 30, 70):
            monkeypatch.setattr(lines, "RUN_BYTES", size)
            told.append(rows(form.parse(data, 100)))
        assert told[1:] == told[:1] * 3, data
        bad += len(told[0][1])
    assert bad > 40


def test_of_a_listing_or_a_list_of_refs_little_is_looked_at_at_once(monkeypatch):
    monkeypatch.setattr(lines, "RUN_BYTES", 300)
    seen = []
    told = lines.told
    monkeypatch.setattr(lines, "told", lambda data, base: seen.append(len(data)) or told(data, base))
    monkeypatch.setattr(git_ref, "cut", lambda data, base: seen.append(len(data)) or lines.cut(data, base))
    for name in ("conda_history", "git_ref", "scontrol_config"):
        for line in (b"\n", b"a\n", b"^" + b"a" * 40 + b"\n"):
            parsed = formats.registry()[name].parse(line * 900, 0)
            assert sum(map(spanned, parsed)) == len(line) * 900
        long = formats.registry()[name].parse(b"a\n" + b"x" * 2_000_000 + b"\na\n", 0)
        assert long.rejected["why"].to_pylist().count("too_long") == 1
    assert len(seen) > 100
    assert max(seen) <= 400


def test_of_what_the_header_of_a_certificate_says_again_and_again_only_what_is_told_is_kept(monkeypatch):
    """Each further option copied all before it: a header of 16 MB took minutes."""
    joined = []
    taken = git_push_cert._common
    monkeypatch.setattr(
        git_push_cert, "_common", lambda head, *more: joined.append(head) or taken(head, *more)
    )
    head = (
        b"certificate version 0.1\npusher kai <k@x> 1795446708 +0100\n"
        + b"push-option ci.skip\n" * 9000
        + b"other x\n"
    )
    move = b"%040x %040x refs/heads/a\n" % (1, 2)
    record = git_push_cert.parse(head + b"\n" + move, 0).records.to_pylist()[0]
    assert record["rest"] == ("push-option=" + " ".join(["ci.skip"] * 9000))[:4096]
    assert {key: len(text) < 4200 for key, text in joined[0].items()} == {"pusher": True, "push-option": True}


STAMP = b"Mon 2026-11-23 15:11:37.046885 UTC [s=%032x;i=9;b=%032x;m=895440;t=%x;x=9f3e]\n" % (
    1,
    2,
    1795446697046885,
)


@pytest.mark.parametrize(("name", "begun", "field"), [
    ("journal_export", b"__REALTIME_TIMESTAMP=1795446697046885\n", b"F%d=\n"),
    ("journal_verbose", STAMP, b"    F%d=\n"),
])  # fmt: skip
def test_an_entry_of_very_many_fields_is_rejected_and_its_fields_are_not_held(name, begun, field):
    form = {"journal_export": journal_export, "journal_verbose": journal_verbose}[name]
    for many, read in ((1000, 1), (5000, 0)):
        parsed = form.parse(begun + b"".join(field % n for n in range(many)) + b"\n", 0)
        assert (len(parsed.records), parsed.rejected["why"].to_pylist()) == (read, ["too_long"] * (1 - read))


def test_of_an_entry_that_goes_on_for_ever_nothing_is_held(monkeypatch):
    monkeypatch.setattr(journal_verbose, "_LONGEST_ENTRY_BYTES", 1000)
    held = []
    add = journal_verbose._Entry.add

    def watched(entry, line):
        add(entry, line)
        held.append(sum(len(value) for values in entry._found.values() for value in values))

    monkeypatch.setattr(journal_verbose._Entry, "add", watched)
    parsed = journal_verbose.parse(
        STAMP + b"    MESSAGE=a\n" + b" " * 12 + b"\n" * 1 + (b" " * 12 + b"b\n") * 500, 0
    )
    assert 100 < max(held) < 1000
    assert held[-1] == 0
    assert parsed.rejected["why"].to_pylist() == ["too_long"]
