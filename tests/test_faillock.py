"""Counts of failed logins: at which account, when and from where; by whom nobody says."""

from pathlib import Path

from collected import told

SAMPLES = Path(__file__).parents[1] / "sample_logs" / "formats" / "faillock"
AT_NS = 1_795_450_308 * 10**9


def said(sample, zone="UTC"):
    return told("faillock", (SAMPLES / sample).read_bytes(), f"login01/root/{sample}", zone=zone)


def test_each_failure_is_told_without_an_actor():
    events = said("several_accounts.txt")
    assert {(e["verb"], e["outcome"], e["account"], e["account_absence"]) for e in events} == {
        ("login_failed", "failure", None, "not_recorded")
    }
    assert [(e["address"], e["tty"]) for e in events] == [
        ("10.0.0.9", None), (None, "pts/0"), (None, None), (None, None),
    ]  # fmt: skip
    assert events[2]["text"] == "user=kai kind=SVC source=sudo counts=false"
    assert [e["earliest_ns"] - AT_NS for e in events] == [s * 10**9 for s in (0, 2, 4, 64)]
    assert {e["latest_ns"] - e["earliest_ns"] for e in events} == {10**9 - 1}


def test_all_ways_to_print_them_tell_the_same_moment():
    """The clock is that of the host's zone, and a name that fills its column may be longer."""
    for sample in ("legacy_cut_names.txt", "tally2.txt"):
        first, second = said(sample, zone="Europe/Amsterdam")
        assert (first["earliest_ns"], second["earliest_ns"]) == (AT_NS - 3600 * 10**9, AT_NS - 3599 * 10**9)
        assert first["text"] == "user=kai source=10.0.0.9 failures=3"
    assert "cut_short=true" in said("legacy_cut_names.txt")[1]["text"]


def test_a_line_behind_one_that_cannot_be_read_is_nobodys():
    """The second account of the sample lost its header, and is not taken for the first."""
    assert [e["text"] for e in said("planted_source_and_torn.txt")] == [
        "user=kai kind=RHOST source=x V counts=false",
        "user=kai kind=RHOST counts=true",
    ]
