"""The rows of a timeline: jobs, accounts in their sessions, files, gaps; and where the labels go."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

from forensics.core import clock
from forensics.render import phrases, recounted
from forensics.render.languages import ENGLISH, Language
from forensics.render.parts import figure, put, quote
from forensics.render.phrases import words

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Json = Mapping[str, Any]

WIDTH_IN = 6.3
LEFT_IN, RIGHT_IN = 1.62, 0.2
ROW_IN, LEVEL_IN = 0.34, 0.15
MOST_LABELS, MOST_FILES, MOST_JOBS, MOST_SPANS = 60, 6, 12, 200
Span = tuple[float, float]
POINTS = 7.0
ORIGINS = {"cron": "by cron", "at": "by at", "timer": "by systemd", "job": "by a process of a job"}
"""What acts where nobody need have been logged in."""
_CHAR_IN = POINTS * 0.6 / 72
INK, SOFT, PALE, ACCENT = "#1d2b36", "#6b747b", "#dfe3e6", "#1f4e79"
SHAPES = {
    "submit": ">", "cancel": "X", "hold": "p", "requeue": "<", "enter_job": "2", "edit_scheduler": "4", "run_beside": "3", "signal": "v", "modify_job": "h", "modify_file": "D",
    "replace_file": "s", "delete_file": "x", "plant": "*", "push": "^", "move_ref": "$m$", "commit": "o", "grant": "P", "escalate": "d",
    "wipe_log": "1", "timestomp": "8", "change_clock": "H", "change_logging": "+",
}  # fmt: skip


@dataclass(slots=True)
class Lane:
    """One row of a timeline. `levels` is how many rows of labels stand above its marks."""

    label: str
    kind: str
    levels: int = 0
    draw: list[Callable[["Axes", float], None]] = field(default_factory=list)

    @property
    def height_in(self) -> float:
        """Its height on paper."""
        return (0.24 if self.kind in {"file", "gap"} else ROW_IN) + LEVEL_IN * self.levels


@dataclass(frozen=True, slots=True)
class Mark:
    """An act on the time axis, in days since 1970."""

    act: Json
    first: float
    last: float

    @property
    def middle(self) -> float:
        """Where the mark is put: the middle of the stretch."""
        return (self.first + self.last) / 2


def day(written: str) -> float:
    """A time as the findings write it, in days since 1970."""
    return clock.typed(written).timestamp() / 86400


def job_lanes(jobs: Sequence[Json], language: Language = ENGLISH) -> list[Lane]:
    """One lane for each job: waiting as a line, running as a bar."""
    return [_job_lane(j, language) for j in jobs[:MOST_JOBS]]


def _job_lane(job: Json, language: Language) -> Lane:
    outcome = quote(job["outcome"], 24) if job.get("outcome") else put("outcome not recorded")
    lane = Lane(language.text([put("job {job}", job=quote(job["job"], 16)), figure("\n"), outcome]), "job")
    submit, start, end = (day(job[k]) if job.get(k) else None for k in ("submit", "start", "end"))

    def draw(axes: "Axes", y: float) -> None:
        left = start if start is not None else end
        if submit is not None and left is not None:
            axes.plot([submit, left], [y, y], color=SOFT, lw=1.2, solid_capstyle="butt")
        if start is not None and end is not None:
            axes.barh(y, end - start, left=start, height=0.13, color=PALE, edgecolor=INK, lw=0.7)
        for at in (t for t in (submit, start, end) if t is not None):
            axes.plot([at, at], [y - 0.08, y + 0.08], color=INK, lw=0.8)

    lane.draw.append(draw)
    return lane


def actor_lanes(
    marks: Sequence[Mark], events: pa.Table, axis: tuple[float, float], language: Language = ENGLISH
) -> list[Lane]:
    """One lane for each account and session, in the order of their first acts."""
    groups: dict[tuple[str, str], list[Mark]] = {}
    for m in marks:
        groups.setdefault((str(m.act.get("account") or ""), str(m.act.get("session") or "")), []).append(m)
    opened = _opened(events, {s for _, s in groups if s})
    brief = len(marks) > MOST_LABELS
    return [
        _actor_lane(account, opened.get(session), mine, axis, brief=brief, language=language)
        for (account, session), mine in groups.items()
    ]


def _opened(events: pa.Table, sessions: set[str]) -> dict[str, float]:
    """When each session was opened: it is named by the event that opens it."""
    rows = events.select(["event_id", "earliest_ns"])
    rows = rows.filter(pc.is_in(rows["event_id"], value_set=pa.array(sorted(sessions), pa.string())))
    return {
        r["event_id"]: r["earliest_ns"] / 86400e9 for r in rows.to_pylist() if r["earliest_ns"] is not None
    }


def _actor_lane(
    account: str, opened: float | None, marks: Sequence[Mark], axis: tuple[float, float], *, brief: bool,
    language: Language,
) -> Lane:  # fmt: skip
    in_session = bool(marks[0].act.get("session"))
    address = next((m.act["address"] for m in marks if m.act.get("address")), None)
    name = put("account {account}", account=quote(account, 18)) if account else put("account not named")
    lower = put("session") if in_session else put("no session known")
    if marks[0].act.get("origin") in ORIGINS:
        lower = words(ORIGINS, marks[0].act["origin"])
    if address:
        lower = put("from {address}", address=quote(address, 26))
    lane = Lane(language.text([name, figure("\n"), lower]), "actor")
    labels = [] if brief else _labels(marks, axis, language)
    lane.levels = max((level for _, _, level in labels), default=-1) + 1
    shift = LEVEL_IN * lane.levels / 2

    def draw(axes: "Axes", y: float) -> None:
        base = y + shift
        if in_session:
            left = max(opened if opened is not None else marks[0].first, axis[0])
            axes.barh(base, marks[-1].last - left, left=left, height=0.1, color=PALE, lw=0, zorder=1)
        for m in marks:
            _mark(axes, m, base)
        for mark, (x, text), level in labels:
            at = base - 0.12 - LEVEL_IN * level
            axes.plot([mark.middle, mark.middle], [base - 0.05, at + 0.02], color=SOFT, lw=0.4, zorder=2)
            axes.text(
                x,
                at,
                text,
                ha="left",
                va="center",
                color=INK,
                zorder=4,
                bbox={"fc": "white", "ec": "none", "pad": 0.4},
            )

    lane.draw.append(draw)
    return lane


def _mark(axes: "Axes", mark: Mark, y: float) -> None:
    filled = (mark.act.get("person") or {}).get("verdict") == "attributed"
    shape = SHAPES.get(mark.act["act"], "o")
    if mark.last > mark.first:
        axes.plot([mark.first, mark.last], [y, y], color=ACCENT, lw=1.0, marker="|", ms=4, zorder=2)
    axes.plot(
        [mark.middle],
        [y],
        marker=shape,
        ms=5.2,
        mfc=ACCENT if filled else "white",
        mec=ACCENT,
        mew=0.9,
        ls="",
        zorder=3,
    )


def _labels(
    marks: Sequence[Mark], axis: tuple[float, float], language: Language = ENGLISH
) -> list[tuple[Mark, tuple[float, str], int]]:
    """A label for each mark, on the lowest level where it meets no other."""
    per_in = (axis[1] - axis[0]) / (WIDTH_IN - LEFT_IN - RIGHT_IN)
    taken: list[list[tuple[float, float]]] = []
    placed = []
    for m in marks:
        text = language.text([figure(f"{m.act['id']} "), words(phrases.NAMES, m.act["act"])])
        width = _wide(text) * _CHAR_IN * per_in
        x = min(max(m.middle - width / 2, axis[0]), axis[1] - width)
        level = 0
        while level < len(taken) and any(x < b and a < x + width for a, b in taken[level]):
            level += 1
        if level == len(taken):
            taken.append([])
        taken[level].append((x, x + width))
        placed.append((m, (x, text), level))
    return placed


def _wide(text: str) -> int:
    """The breadth of a text, in Latin letters: a Chinese character is as broad as two."""
    return sum(2 if c >= "\u2e80" else 1 for c in text)


def file_lanes(marks: Sequence[Mark], language: Language = ENGLISH) -> list[Lane]:
    """One lane for each file acted on, with the same shape at the same time."""
    files: dict[str, list[Mark]] = {}
    for m in marks:
        if str(m.act.get("object") or "").startswith("/"):
            files.setdefault(str(m.act["object"]), []).append(m)
    lanes = []
    for path, mine in list(files.items())[:MOST_FILES]:
        name = language.text(quote(path, 200))
        lane = Lane(_end(name, 26), "file")
        lane.draw.append(partial(_draw_marks, mine))
        lanes.append(lane)
    return lanes


def _short(text: str, most: int) -> str:
    """The beginning of a text, as broad as there is room for."""
    if _wide(text) <= most:
        return text
    while _wide(text) >= most:
        text = text[:-1]
    return f"{text}…"


def _end(text: str, most: int) -> str:
    """The end of a text, as broad as there is room for."""
    if _wide(text) <= most:
        return text
    while _wide(text) >= most:
        text = text[1:]
    return f"…{text}"


def _draw_marks(marks: Sequence[Mark], axes: "Axes", y: float) -> None:
    for m in marks:
        _mark(axes, m, y)


def joined(spans: Sequence[Span], axis: Span) -> list[Span]:
    """Of very many stretches, those on an axis, as one where no eye could tell them apart; few are left as they are.

    Args:
        spans: first and last day of each.
        axis: first and last day that is drawn.
    """
    if len(spans) <= MOST_SPANS:
        return list(spans)
    least = (axis[1] - axis[0]) / 1000  # A line is wider than that.
    found: list[Span] = []
    for first, last in sorted(s for s in spans if s[0] <= axis[1] and s[1] >= axis[0]):
        if found and first - found[-1][1] < least:
            found[-1] = found[-1][0], max(found[-1][1], last)
        else:
            found.append((first, last))
    return found


def gap_lanes(gaps: Sequence[Json], axis: Span, language: Language = ENGLISH) -> list[Lane]:
    """One lane for each source that is silent somewhere on the axis."""
    sources: dict[str, list[Json]] = {}
    for g in gaps:
        sources.setdefault(str(g.get("source", "")), []).append(g)
    lanes = []
    for mine in list(sources.values())[:MOST_FILES]:
        name = language.text(recounted.source(mine[0], 60))
        lane = Lane(language.text(put("gap: {source}", source=figure(_short(name, 21)))), "gap")
        spans = joined([(day(g["when"][0]), day(g["when"][1])) for g in mine], axis)

        def draw(axes: "Axes", y: float, spans: Sequence[Span] = tuple(spans)) -> None:
            for a, b in spans:
                axes.barh(y, b - a, left=a, height=0.13, fc="white", ec=SOFT, hatch="////", lw=0.6, zorder=3)

        lane.draw.append(draw)
        lanes.append(lane)
    return lanes
