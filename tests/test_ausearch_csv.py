"""What ausearch made of a trail: commas that move fields, dates in two orders, names that are numbers."""

import hashlib
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa

from forensics.core.schema import extended
from forensics.core.tables import FILE, SHA256
from forensics.formats import ausearch_csv
from forensics.readings import ausearch_csv as reading

SAMPLES = Path(__file__).parents[1] / "sample_logs" / "formats" / "ausearch_csv"
DAY_NS = 86_400 * 10**9


def events(*contents, zone="UTC"):
    tables, held = [], []
    for data in contents:
        sha256 = hashlib.sha256(data).hexdigest()
        records = ausearch_csv.parse(data, 0).records
        columns = [pa.array([sha256] * records.num_rows, pa.string()), *records.columns]
        tables.append(pa.Table.from_arrays(columns, schema=extended(ausearch_csv.TABLE, SHA256).schema()))
        file = {
            "sha256": sha256,
            "path": "login01/x.csv",
            "host": "login01",
            "kind": "file",
            "held": "copied",
        }
        file |= {"domain": "login01:root", "format": "ausearch_csv", "bytes": len(data)}
        held.append(file | dict.fromkeys(("parsed", "rejected", "ignored"), 0))
    files = FILE.build({c: [file.get(c) for file in held] for c in FILE.names})
    return reading.read(pa.concat_tables(tables), files, zone=zone, anchor_ns=None)["event"].to_pylist()


def row(
    *, date="11/23/26", subject="kai", effective="root", action="deleted", result="success", object_="/x"
):
    return f"login01,SYSCALL,{date},15:14:01,7,audit-rule,54,{subject},{effective},user-acct,{action},{result},{object_},5,file,/usr/bin/x\n".encode()


def moment(*when):
    return int(datetime(*when, tzinfo=UTC).timestamp()) * 10**9


def test_a_date_that_can_be_two_days_is_both():
    """Nothing in the row says whether the fourth of May or the fifth of April is meant."""
    first, second = events((SAMPLES / "day_or_month_first.csv").read_bytes())
    assert (first["earliest_ns"], first["latest_ns"]) == (
        moment(2026, 4, 5, 15, 14, 1),
        moment(2026, 5, 4, 15, 14, 2) - 1,
    )
    assert second["latest_ns"] - second["earliest_ns"] == 10**9 - 1


def test_a_file_tells_the_order_of_its_dates_where_one_day_is_past_the_twelfth():
    """And says nothing of another file's."""
    clear = row(date="11/23/26") + row(date="04/05/26")
    (_, told), (other,) = events(clear), events(row(date="04/05/26"))
    assert told["earliest_ns"] == moment(2026, 4, 5, 15, 14, 1)
    assert told["latest_ns"] - told["earliest_ns"] == 10**9 - 1
    assert other["latest_ns"] - other["earliest_ns"] > 28 * DAY_NS


def test_dates_that_no_order_fits_have_no_time():
    assert {e["earliest_ns"] for e in events(row(date="11/23/26") + row(date="23/11/26"))} == {None}


def test_extra_columns_tell_the_moment_whatever_the_zone():
    sample = (SAMPLES / "extra_time.csv").read_bytes()
    here, there = events(sample), events(sample, zone="Asia/Tokyo")
    assert here == there
    assert {e["latest_ns"] - e["earliest_ns"] for e in here} == {10**6 - 1}


def test_a_comma_in_a_name_moves_nothing():
    """A file called `x,root,…` would make of kai's act one of root: such a row is rejected."""
    data = (SAMPLES / "planted_commas.csv").read_bytes()
    assert ausearch_csv.parse(data, 0).rejected.num_rows == 3
    assert not [e for e in events(data) if e["account"] == "root" or e["effective"] == "root"]


def test_a_number_without_a_name_is_no_account():
    (event,) = events(row(subject="unknown(4102)", effective="unknown(0)"))
    assert (event["account"], event["auid"], event["account_absence"]) == (None, 4102, "number_only")
    (event,) = events(row(subject="unknown(4294967295)"))
    assert (event["account"], event["auid"], event["account_absence"]) == (None, None, "not_recorded")


def test_what_ausearch_leaves_out_is_not_made_up():
    """It names a renamed file by its old name, and an opening without its kind."""
    (event,) = events(row(action="renamed"))
    assert (event["verb"], event["object"], event["object_from"]) == ("rename", None, "/x")
    assert events(row(action="opened-file"))[0]["verb"] == "other"
    assert events(row(object_="/srv/(null)"))[0]["object"] is None
    assert events(row(action="logged-in", result="failed"))[0]["verb"] == "login_failed"


def test_rows_without_their_header_are_known_and_other_lists_are_not():
    for name in ("one_second_ticks.csv", "extra_time.csv"):
        rows = (SAMPLES / name).read_bytes().split(b"\n", 1)[1]
        assert ausearch_csv.recognise(rows, "x") == 80
        assert ausearch_csv.recognise(rows.replace(b",", b";"), "x") == 0
        assert ausearch_csv.recognise(rows.partition(b",")[2], "x") == 0
