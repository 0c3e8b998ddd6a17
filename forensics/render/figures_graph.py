"""The actor-action graph as a figure: kinds in columns from person to job, line styles for how an edge is known."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import networkx as nx

from forensics.render import figures_library, phrases
from forensics.render.figures import fixed
from forensics.render.figures_lanes import ACCENT, INK, PALE, SOFT
from forensics.render.glyphs import quoted
from forensics.render.phrases import words

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COLUMNS = {
    "person": 0, "account": 1, "key": 1, "credential": 1, "device": 1, "address": 1, "session": 2, "process": 3, "act": 3,
    "object": 4, "version": 4, "file": 4, "commit": 4, "job": 5,
}  # fmt: skip
STYLES = {"observed": "-", "derived": "--", "asserted": ":"}
_OTHER_COLUMN = 4
_MOST_NODES, _MOST_LABEL = 160, 30
_ROW_IN, _COLUMN_IN, _PAD_IN = 0.46, 2.75, 1.05
_CHAR_IN = 0.0565
_SWEEPS = 4


@dataclass(frozen=True, slots=True)
class Place:
    """Where a node is drawn, in inches from the upper left, downwards negative."""

    x: float
    y: float


def network(graph: "nx.MultiDiGraph[str]") -> "Figure":
    """Draw a graph whose nodes have `kind` and `label`, and whose edges have `kind` and `basis`.

    Of more nodes than can be read, those with most edges are drawn, and the figure says how many are not.
    """
    figures_library.load()
    from matplotlib.figure import Figure  # noqa: PLC0415 - slow to import

    kept = sorted(graph.nodes, key=lambda n: (-graph.degree(n), n))[:_MOST_NODES]
    drawn = graph.subgraph(kept)
    places = layout(drawn)
    width = max((p.x for p in places.values()), default=0.0) + 2 * _PAD_IN
    height = -min((p.y for p in places.values()), default=0.0) + 1.05
    with fixed():
        figure = Figure(figsize=(width, height))
        axes = figure.add_axes((0, 0, 1, 1))
        axes.set_xlim(-_PAD_IN, width - _PAD_IN)
        axes.set_ylim(0.4 - height, 0.4)
        axes.set_axis_off()
        _edges(axes, drawn, places)
        for node, place in places.items():
            _node(axes, drawn.nodes[node], place)
        _legend(axes, 0.4 - height, len(graph) - len(drawn))
    return figure


def layout(graph: "nx.MultiDiGraph[str]") -> dict[str, Place]:
    """Columns by kind; within a column, each node near the middle of its neighbours. Chance has no part."""
    columns: dict[int, list[str]] = {}
    for node in sorted(graph.nodes):
        columns.setdefault(_column(graph.nodes[node]), []).append(node)
    # Columns that no node is in take no room.
    used = {c: i for i, c in enumerate(sorted(columns))}
    rank = {n: i / max(len(nodes), 1) for nodes in columns.values() for i, n in enumerate(nodes)}
    for _ in range(_SWEEPS):
        for c in sorted(columns):
            columns[c].sort(key=lambda n: (_middle(graph, n, rank), n))
            rank.update({n: i / len(columns[c]) for i, n in enumerate(columns[c])})
    tallest = max((len(nodes) for nodes in columns.values()), default=0)
    return {
        n: Place(used[c] * _COLUMN_IN, -(i + (tallest - len(nodes)) / 2) * _ROW_IN)
        for c, nodes in sorted(columns.items())
        for i, n in enumerate(nodes)
    }


def _column(values: Mapping[str, Any]) -> int:
    return COLUMNS.get(str(values.get("kind")), _OTHER_COLUMN)


def _middle(graph: "nx.MultiDiGraph[str]", node: str, rank: Mapping[str, float]) -> float:
    near = sorted({*graph.predecessors(node), *graph.successors(node)} - {node})
    return sum(rank[n] for n in near) / len(near) if near else rank[node]


def _label(values: Mapping[str, Any]) -> str:
    label = quoted(str(values.get("label", "")), 200)
    half = _MOST_LABEL // 2
    return label if len(label) <= _MOST_LABEL else f"{label[:half]}…{label[1 - half :]}"


def _node(axes: "Axes", values: Mapping[str, Any], place: Place) -> None:
    kind = str(values.get("kind", ""))
    fill = PALE if kind in {"person", "job"} else "white"
    box = {"boxstyle": "round,pad=0.35", "fc": fill, "ec": INK, "lw": 0.7}
    axes.text(place.x, place.y, _label(values), ha="center", va="center", color=INK, bbox=box, zorder=3)
    name = quoted(kind, 20)
    axes.text(place.x, place.y + 0.165, name, ha="center", va="center", color=SOFT, fontsize=5.5, zorder=4)


def _edges(axes: "Axes", graph: "nx.MultiDiGraph[str]", places: Mapping[str, Place]) -> None:
    """Every edge on a curve of its own, so that parallel acts are seen as several."""
    half = {n: len(_label(graph.nodes[n])) * _CHAR_IN / 2 + 0.09 for n in places}
    together: dict[tuple[str, str], list[Mapping[str, Any]]] = {}
    for a, b, values in graph.edges(data=True):
        together.setdefault((a, b), []).append(values)
    for (a, b), edges in sorted(together.items(), key=lambda row: row[0]):
        side = 1 if places[b].x >= places[a].x else -1
        ends = (
            Place(places[a].x + side * half[a], places[a].y),
            Place(places[b].x - side * half[b], places[b].y),
        )
        for i, edge in enumerate(edges):
            bend = 0.0 if len(edges) == 1 else 0.24 * (i - (len(edges) - 1) / 2)
            _edge(axes, edge, ends, bend)


def _edge(axes: "Axes", values: Mapping[str, Any], ends: tuple[Place, Place], bend: float) -> None:
    a, b = ends
    style = STYLES.get(str(values.get("basis")), "-")
    act = values.get("act")
    axes.annotate(
        "", xy=(b.x, b.y), xytext=(a.x, a.y), zorder=1 if act is None else 2,
        arrowprops={
            "arrowstyle": "-|>,head_length=0.35,head_width=0.14", "connectionstyle": f"arc3,rad={bend}", "linestyle": style,
            "color": SOFT if act is None else ACCENT, "lw": 0.7 if act is None else 1.0, "shrinkA": 0, "shrinkB": 1,
        },
    )  # fmt: skip
    if act is not None:
        at = _along(ends, bend, 0.5 if abs(b.x - a.x) < _COLUMN_IN else 0.22)
        box = {"fc": "white", "ec": "none", "pad": 0.5}
        name = words(phrases.NAMES, act).text
        axes.text(
            at.x, at.y, name, ha="center", va="center", color=ACCENT, fontsize=5.5, bbox=box, zorder=2.5
        )


def _along(ends: tuple[Place, Place], bend: float, part: float) -> Place:
    """A point on the curve that `arc3` draws: quadratic, its control point off the middle by `bend` of the length."""
    a, b = ends
    cx, cy = (a.x + b.x) / 2 + bend * (b.y - a.y), (a.y + b.y) / 2 - bend * (b.x - a.x)
    u, v, w = (1 - part) ** 2, 2 * part * (1 - part), part**2
    return Place(u * a.x + v * cx + w * b.x, u * a.y + v * cy + w * b.y)


def _legend(axes: "Axes", bottom: float, undrawn: int) -> None:
    x, y = -0.8, bottom + 0.16
    for basis, style in STYLES.items():
        axes.plot([x, x + 0.42], [y, y], color=INK, lw=0.9, ls=style)
        axes.text(x + 0.5, y, basis, va="center", color=INK)
        x += 1.15
    if undrawn:
        axes.text(x + 0.1, y, f"{undrawn:,} more nodes are not drawn", va="center", color=INK)
