"""Lines of inotifywait: times in three forms, nobody named, and names that imitate a line."""

from told import events

from forensics.core import clock


def test_times_by_their_form_and_paths_of_folder_and_name():
    data = (
        b"2026-11-23T15:11:49+0100 /srv/proj/ MODIFY train.py\n"
        b"2026-11-23 15:11:50 /srv/proj/ DELETE a b\n"
        b"1795446711 /srv/proj/ DELETE_SELF\n"
        b"/srv/proj/ OPEN x\n"
    )
    told = events("inotifywait", data, zone="Europe/Amsterdam")
    starts = [None if e["earliest_ns"] is None else clock.written(e["earliest_ns"]) for e in told]
    assert starts == [
        "2026-11-23T14:11:49.000Z",
        "2026-11-23T14:11:50.000Z",
        "2026-11-23T15:11:51.000Z",
        None,
    ]
    assert [e["object"] for e in told] == ["/srv/proj/train.py", "/srv/proj/a b", "/srv/proj", "/srv/proj/x"]
    assert {(e["verb"], e["account"], e["domain"]) for e in told} == {("reported", None, "login01:user")}
    assert told[0]["text"] == "MODIFY: /srv/proj/ MODIFY train.py"


def test_a_line_that_reads_in_two_ways_names_no_path():
    for line in (b"/srv/ CREATE x MODIFY y\n", b"/srv/x DELETE / MODIFY y\n"):
        (told,) = events("inotifywait", line)
        assert (told["object"], told["object_kind"]) == (None, None)
        assert told["text"].endswith(line.decode().strip())
