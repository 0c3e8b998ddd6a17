"""Figures: the timeline of a case, and how a figure is written so that two runs give the same bytes."""

import io
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from forensics.core import clock
from forensics.core.errors import OutputError, UsageError
from forensics.render import chinese, figures_library, phrases, recounted
from forensics.render import figures_lanes as lanes
from forensics.render.figures_lanes import (
    ACCENT,
    INK,
    LEFT_IN,
    PALE,
    POINTS,
    RIGHT_IN,
    ROW_IN,
    SHAPES,
    SOFT,
    WIDTH_IN,
)
from forensics.render.languages import ENGLISH, Language
from forensics.render.parts import Part, put
from forensics.render.phrases import words

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Json = Mapping[str, Any]


MOST_MARKERS = 400
TOP_IN, BOTTOM_IN = 0.12, 0.42
_FIXED: dict[Any, Any] = {
    "svg.hashsalt": "forensics", "svg.fonttype": "path", "pdf.fonttype": 42, "font.family": "DejaVu Sans",
    "font.size": POINTS, "axes.linewidth": 0.5, "hatch.linewidth": 0.4, "text.parse_math": False, "timezone": "UTC",
    "path.simplify": False, "savefig.dpi": 200,
}  # fmt: skip
_METADATA: dict[str, dict[str, None]] = {
    "svg": {"Date": None, "Creator": None},
    "pdf": {"CreationDate": None, "Creator": None, "Producer": None},
    "png": {"Software": None},
}


@contextmanager
def fixed(language: Language = ENGLISH) -> Iterator[None]:
    """The settings under which everything is drawn, whatever the machine's own settings are."""
    figures_library.load()
    from matplotlib import rc_context, rcdefaults  # noqa: PLC0415 - slow to import; `--help` needs none of it

    families = _FIXED["font.family"] if language.is_english else _with_chinese()
    with rc_context():
        rcdefaults()
        with rc_context({**_FIXED, "font.family": families}):
            yield


@cache
def _with_chinese() -> list[str]:
    """The typefaces of a figure in Chinese: that of every figure, and for what it lacks the one of the report."""
    from matplotlib import font_manager  # noqa: PLC0415 - slow to import

    path = str(chinese.fonts() / "NotoSansSC-Regular.otf")
    font_manager.fontManager.addfont(path)
    return [_FIXED["font.family"], font_manager.FontProperties(fname=path).get_name()]


def save(figure: "Figure", path: Path) -> None:
    """Write a figure as its suffix says: .pdf, .svg or .png. No date and no name of a program goes in.

    Raises:
        OutputError: the suffix is none of these, or `path` cannot be written.
    """
    kind = path.suffix.lower().removeprefix(".")
    if kind not in _METADATA:
        raise OutputError(f"{path}: a figure is .pdf, .svg or .png; change the suffix")
    try:
        path.write_bytes(_bytes(figure, kind))
    except OSError as error:
        raise OutputError(f"{path}: cannot be written ({error.strerror}); name another file") from error


def svg(figure: "Figure") -> bytes:
    """A figure as SVG, its text as outlines, so that no font of the machine plays a part."""
    return _bytes(figure, "svg")


def pdf(figure: "Figure") -> bytes:
    """A figure as PDF, with no date."""
    return _bytes(figure, "pdf")


def _bytes(figure: "Figure", kind: str) -> bytes:
    made = io.BytesIO()
    with fixed():
        figure.savefig(made, format=kind, metadata=_METADATA[kind])
    return made.getvalue()


def timeline(
    findings: Json, events: pa.Table, *, job: str | None = None, person: str | None = None,
    since: datetime | str | None = None, until: datetime | str | None = None, language: Language = ENGLISH,
) -> "Figure":  # fmt: skip
    """Draw jobs, sessions, acts and files in time.

    Args:
        findings: as `findings.json` holds them.
        events: schema `event`; tells when a session was opened.
        job: only acts and gaps of this job.
        person: only acts attributed to this person, or for which they are a candidate.
        since: nothing before this moment.
        until: nothing after it.
        language: in which it is labelled.
    """
    figures_library.load()
    from matplotlib.figure import Figure  # noqa: PLC0415 - slow to import

    jobs = [j for j in findings.get("jobs") or () if job is None or str(j["job"]) == job]
    marks, untold = _marks(findings, jobs, job=job, person=person)
    bounds = (_bound(since), _bound(until))
    inside = [m for m in marks if _within(m.first, m.last, bounds)]
    drawn = inside[:MOST_MARKERS]
    axis = _axis(jobs, drawn, bounds)
    gaps = [g for g in findings.get("gaps") or () if _concerns(g, drawn, axis)]
    silent = lanes.joined([(lanes.day(g["when"][0]), lanes.day(g["when"][1])) for g in gaps], axis)
    rows = [
        *lanes.job_lanes(jobs, language),
        *lanes.actor_lanes(drawn, events, axis, language),
        *lanes.file_lanes(drawn, language),
        *lanes.gap_lanes(gaps, axis, language),
    ]
    said = _notes(findings, undrawn=len(inside) - len(drawn), untold=untold)
    notes = [language.text(note) for note in said]
    kinds = list(dict.fromkeys(m.act["act"] for m in drawn))
    with fixed(language):
        below = BOTTOM_IN + 0.17 * (-(-(len(kinds) + (2 if kinds else 0)) // 4)) + 0.14 * len(notes)
        height = TOP_IN + below + sum(lane.height_in for lane in rows or [lanes.Lane("", "job")])
        figure = Figure(figsize=(WIDTH_IN, height))
        axes = figure.add_axes((
            LEFT_IN / WIDTH_IN, below / height, 1 - (LEFT_IN + RIGHT_IN) / WIDTH_IN, 1 - (below + TOP_IN) / height
        ))  # fmt: skip
        _paint(axes, rows, axis, silent)
        _legend(figure, kinds, notes, height, language)
    return figure


def _bound(moment: datetime | str | None) -> float | None:
    if moment is None:
        return None
    try:
        return (clock.typed(moment) if isinstance(moment, str) else moment).timestamp() / 86400
    except ValueError as error:
        raise UsageError(f"{moment!r} is no time; write it as 2026-11-23T15:00:00Z") from error


def _within(first: float, last: float, bounds: tuple[float | None, float | None]) -> bool:
    return (bounds[0] is None or last >= bounds[0]) and (bounds[1] is None or first <= bounds[1])


def _marks(
    findings: Json, jobs: Sequence[Json], *, job: str | None, person: str | None
) -> tuple[list[lanes.Mark], int]:
    """The acts wanted, in time; and how many of them have no time."""
    named = {a for j in jobs for a in j.get("acts") or ()}
    about = {a.get("session") for a in findings.get("acts") or () if a["id"] in named} - {None}
    wanted = [
        a for a in findings.get("acts") or ()
        # An act without a job is wanted where it lies in a session in which an act on the job lies.
        if (job is None or str(a.get("job")) == job or a["id"] in named or (a.get("job") is None and a.get("session") in about))
        and (person is None or person in _people(a))
    ]  # fmt: skip
    timed = [a for a in wanted if a.get("when") and a["when"][0] and a["when"][1]]
    marks = [lanes.Mark(a, lanes.day(a["when"][0]), lanes.day(a["when"][1])) for a in timed]
    return sorted(marks, key=lambda m: (m.first, m.last, m.act["id"])), len(wanted) - len(timed)


def _people(act: Json) -> set[str]:
    found = act.get("person") or {}
    return {n for n in (found.get("name"), *(found.get("candidates") or ())) if n}


def _axis(
    jobs: Sequence[Json], marks: Sequence[lanes.Mark], bounds: tuple[float | None, float | None]
) -> tuple[float, float]:
    times = [t for m in marks for t in (m.first, m.last)]
    times += [lanes.day(j[k]) for j in jobs for k in ("submit", "start", "end") if j.get(k)]
    times = [t for t in times if _within(t, t, bounds)] or [t for t in bounds if t is not None] or [0.0]
    first, last = min(times), max(times)
    pad = max((last - first) * 0.06, 0.5 / 86400)
    return (
        first - pad if bounds[0] is None else max(bounds[0], first - pad),
        last + pad if bounds[1] is None else min(bounds[1], last + pad),
    )


def _concerns(gap: Json, marks: Sequence[lanes.Mark], axis: tuple[float, float]) -> bool:
    when = gap.get("when") or (None, None)
    if gap.get("kind") == "missing_source" or not (when[0] and when[1]):
        return False
    touched = set(gap.get("matters_for") or ()) & {m.act["id"] for m in marks}
    return bool(touched) or (lanes.day(when[0]) <= axis[1] and lanes.day(when[1]) >= axis[0])


def _notes(findings: Json, *, undrawn: int, untold: int) -> list[Part]:
    missing = [
        recounted.source(g, 60) for g in findings.get("gaps") or () if g.get("kind") == "missing_source"
    ]
    notes = [put("No record at all of: {source}.", source=m) for m in missing[:4]]
    if undrawn:
        notes.append(put("{count} more acts are not drawn.", count=f"{undrawn:,}"))
    if untold:
        notes.append(put("{count} acts have no time and are not drawn.", count=f"{untold:,}"))
    return notes


def _paint(
    axes: "Axes", rows: Sequence[lanes.Lane], axis: tuple[float, float], silent: Sequence[lanes.Span]
) -> None:
    """Lanes from the top down, on an axis in inches; gaps shaded through all of them."""
    at, ticks = 0.0, []
    for lane in rows:
        y = -(at + lane.height_in / 2)
        for draw in lane.draw:
            draw(axes, y)
        ticks.append((y, lane.label))
        at += lane.height_in
        axes.axhline(-at, color=PALE, lw=0.5, zorder=0)
    for first, last in silent:
        axes.axvspan(first, last, fc="none", ec=PALE, hatch="////", lw=0, zorder=0)
    axes.set_ylim(-(at or ROW_IN), 0)
    axes.set_xlim(*axis)
    axes.set_yticks([y for y, _ in ticks], [label for _, label in ticks], linespacing=1.15)
    axes.tick_params(axis="y", length=0, pad=4, labelcolor=INK)
    _dates(axes, axis)
    axes.tick_params(axis="x", length=2.5, width=0.5, labelcolor=INK)
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)


def _dates(axes: "Axes", axis: tuple[float, float]) -> None:
    """Moments as a log writes them; what all of them share stands once, at the right."""
    from matplotlib.dates import AutoDateLocator, ConciseDateFormatter  # noqa: PLC0415 - slow to import

    second = "%H:%M:%S" if (axis[1] - axis[0]) * 86400 > 8 else "%H:%M:%S.%f"
    shapes = ["%Y", "%Y-%m", "%Y-%m-%d", "%H:%M", "%H:%M", second]
    shared = ["", "", "", "%Y-%m-%d UTC", "%Y-%m-%d UTC", "%Y-%m-%d UTC"]
    locator = AutoDateLocator(minticks=3, maxticks=7)  # type: ignore[no-untyped-call]  # matplotlib's own gap
    formatter = ConciseDateFormatter(  # type: ignore[no-untyped-call]  # the same
        locator, formats=shapes, zero_formats=shapes, offset_formats=shared
    )
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(formatter)
    axes.xaxis.get_offset_text().set_color(SOFT)


def _legend(
    figure: "Figure", kinds: Sequence[str], notes: Sequence[str], height: float, language: Language
) -> None:
    from matplotlib.lines import Line2D  # noqa: PLC0415 - slow to import

    def key(shape: str, label: Part, face: str) -> Line2D:
        told = language.text(label)
        return Line2D([], [], marker=shape, ls="", ms=5, mfc=face, mec=ACCENT, mew=0.9, label=told)

    keys = [key(SHAPES.get(k, "o"), words(phrases.NAMES, k), "white") for k in kinds]
    if kinds:
        keys += [key("o", put("filled: person attributed"), ACCENT), key("o", put("open: not"), "white")]
    foot = 0.14 * len(notes)
    if keys:
        figure.legend(
            handles=keys, loc="lower left", bbox_to_anchor=(0.0, foot / height), ncols=4, frameon=False,
            handletextpad=0.3, columnspacing=1.2, borderaxespad=0.1, labelspacing=0.35, borderpad=0.1,
        )  # fmt: skip
    for i, note in enumerate(notes):
        figure.text(0.012, (foot - 0.14 * i - 0.09) / height, note, color=INK, ha="left", va="center")
