"""Timelines: the same bytes twice, no label over another, and what is left out is said."""

import subprocess
import sys

import fixtures_findings as made
import matplotlib as mpl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forensics.core import tables
from forensics.core.errors import OutputError, UsageError
from forensics.render import figures
from forensics.render import figures_lanes as lanes

NONE = tables.EVENT.empty()


def timeline(found=None, **how):
    return figures.timeline(found or made.findings(), made.events(), **how)


def words_of(figure):
    axes = figure.axes[0]
    written = [t.get_text() for t in [*axes.texts, *figure.texts, *axes.get_yticklabels()]]
    legends = [t.get_text() for legend in figure.legends for t in legend.get_texts()]
    return " | ".join([*written, *legends])


@pytest.mark.parametrize("suffix", ["svg", "pdf", "png"])
def test_two_drawings_are_the_same_bytes(tmp_path, suffix):
    for name in ("one", "two"):
        figures.save(timeline(job="11"), tmp_path / f"{name}.{suffix}")
    one, two = (tmp_path / f"{n}.{suffix}" for n in ("one", "two"))
    assert one.read_bytes() == two.read_bytes()
    assert b"/CreationDate" not in one.read_bytes()
    assert b"<dc:date>" not in one.read_bytes()


def test_the_machine_s_own_settings_play_no_part(tmp_path):
    figures.save(timeline(job="11"), tmp_path / "one.svg")
    with mpl.rc_context(
        {"font.size": 20, "axes.facecolor": "red", "svg.fonttype": "none", "timezone": "Asia/Tokyo"}
    ):
        figures.save(timeline(job="11"), tmp_path / "two.svg")
    assert (tmp_path / "one.svg").read_bytes() == (tmp_path / "two.svg").read_bytes()


def test_matplotlib_is_not_loaded_before_something_is_drawn():
    code = "import forensics.render.report, forensics.render.graphs, sys; print('matplotlib' in sys.modules)"
    told = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert told.stdout.strip() == "False"


def test_an_unknown_suffix_is_refused(tmp_path):
    with pytest.raises(OutputError, match="suffix"):
        figures.save(timeline(), tmp_path / "t.docx")


def test_an_unwritable_place_is_said(tmp_path):
    with pytest.raises(OutputError, match="cannot be written"):
        figures.save(timeline(), tmp_path / "no" / "t.svg")


def test_acts_are_labelled_with_their_names_and_kinds():
    told = words_of(timeline(job="11"))
    assert "A0001 replaces a file" in told
    assert "account kai\nfrom 127.0.0.12" in told
    assert "A0004" not in told, "an act on another job"


def test_sources_that_are_missing_are_named():
    assert "No record at all of: cron log." in words_of(timeline())


def test_a_person_s_acts_are_those_attributed_or_open():
    told = words_of(timeline(person="lin"))
    assert "A0005" in told
    assert "A0001" not in told


def test_bounds_leave_out_what_cannot_have_been_inside():
    told = words_of(timeline(since="2026-11-23T15:11:53.500Z", until="2026-11-23T15:12:00Z"))
    assert "A0004" in told
    assert "A0005" in told, "its interval reaches in"
    assert "A0001" not in told
    assert "A0006" not in told


def test_a_bound_that_is_no_time_is_wrong_use():
    with pytest.raises(UsageError, match="no time"):
        timeline(since="yesterday")


def test_more_acts_than_can_be_drawn_are_counted(monkeypatch):
    monkeypatch.setattr(figures, "MOST_MARKERS", 20)
    acts = [{**made.acts()[0], "id": f"A{n:04d}"} for n in range(figures.MOST_MARKERS + 37)]
    assert "37 more acts are not drawn." in words_of(
        figures.timeline({**made.findings(), "acts": acts}, NONE)
    )


def test_acts_without_a_time_are_counted():
    acts = [{**a, "when": None} for a in made.acts()]
    assert "6 acts have no time and are not drawn." in words_of(
        figures.timeline({**made.findings(), "acts": acts}, NONE)
    )


def test_nothing_to_draw_is_a_figure(tmp_path):
    figures.save(figures.timeline({}, NONE), tmp_path / "t.svg")
    assert (tmp_path / "t.svg").stat().st_size > 0


@pytest.mark.parametrize("text", ["$\\frac{", "a\x00b", "测试", "x" * 5000, "%s{}"])
def test_hostile_text_is_drawn_as_text(tmp_path, text):
    acts = [{**made.acts()[0], "account": text, "address": text, "object": "/" + text}]
    found = {**made.findings(), "acts": acts, "jobs": [{**made.jobs()[1], "job": text, "outcome": text}]}
    figures.save(figures.timeline(found, NONE), tmp_path / "t.png")
    assert (tmp_path / "t.png").read_bytes().startswith(b"\x89PNG")


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 10_000), st.integers(0, 500)), min_size=1, max_size=40))
def test_no_label_covers_another(spans):
    """On one level, labels do not meet; and none leaves the axis."""
    acts = [{"id": f"A{i:04d}", "act": "push"} for i in range(len(spans))]
    marks = sorted(
        (lanes.Mark(a, float(s), float(s + w)) for a, (s, w) in zip(acts, spans, strict=True)),
        key=lambda m: m.first,
    )
    axis = (-600.0, 11_000.0)
    per_in = (axis[1] - axis[0]) / (lanes.WIDTH_IN - lanes.LEFT_IN - lanes.RIGHT_IN)
    boxes = [
        (level, x, x + len(text) * lanes._CHAR_IN * per_in)
        for _, (x, text), level in lanes._labels(marks, axis)
    ]
    assert len(boxes) == len(marks)
    for i, (level, left, right) in enumerate(boxes):
        assert axis[0] - 1e-6 <= left < right <= axis[1] + 1e-6
        assert all(level != other or right <= a or b <= left for other, a, b in boxes[:i])
