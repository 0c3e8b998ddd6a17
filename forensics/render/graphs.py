"""The actor-action graph for other programs and for the eye: written as the file's suffix says.

Nodes are persons, accounts, keys, addresses, sessions, objects and jobs; every edge says whether it
is observed, derived by a rule, or only asserted. Parallel edges stay parallel.
"""

import html
import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import networkx as nx

from forensics.core import canonical
from forensics.core.errors import OutputError
from forensics.core.words import shown
from forensics.render import figures, figures_graph


def draw(graph: "nx.MultiDiGraph[str]", path: Path) -> None:
    """Write a graph as .graphml, .gexf, .json, .svg, .pdf or .html.

    Args:
        graph: nodes with `kind` and `label`; edges with `kind` and `basis`.
        path: the file to write.

    Raises:
        OutputError: the suffix is none of these, or `path` cannot be written.
    """
    write = _WRITERS.get(path.suffix.lower())
    if write is None:
        known = ", ".join(sorted(_WRITERS))
        raise OutputError(f"{path}: a graph is one of {known}; change the suffix")
    made = write(ordered(graph))
    try:
        path.write_bytes(made)
    except OSError as error:
        raise OutputError(f"{path}: cannot be written ({error.strerror}); name another file") from error


def ordered(graph: "nx.MultiDiGraph[str]") -> "nx.MultiDiGraph[str]":
    """The same graph with nodes, edges and attributes in a total order, and all text safe to show."""
    made: nx.MultiDiGraph[str] = nx.MultiDiGraph()
    for node in sorted(graph.nodes, key=str):
        made.add_node(shown(str(node)), **_plain(graph.nodes[node]))
    every: Iterable[Any] = graph.edges(keys=True, data=True)
    edges = [(str(a), str(b), str(k), _plain(v)) for a, b, k, v in every]
    for a, b, key, plain in sorted(edges, key=lambda e: (*e[:3], canonical.line(e[3]))):
        made.add_edge(shown(a), shown(b), key=shown(key), **plain)
    return made


def _plain(values: dict[str, Any]) -> dict[str, Any]:
    """Attributes as text and numbers, which every format can hold; what is null is left out."""
    return {str(k): _value(v) for k, v in sorted(values.items()) if v is not None}


def _value(value: object) -> str | int | float:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return value
    if isinstance(value, (list, tuple)):
        return shown(",".join(str(v) for v in value))
    return shown(str(value))


def _graphml(graph: "nx.MultiDiGraph[str]") -> bytes:
    return ("\n".join(nx.generate_graphml(graph)) + "\n").encode()


def _gexf(graph: "nx.MultiDiGraph[str]") -> bytes:
    """GEXF, without the date of the day that the writer puts in, and without the name of the writer."""
    text = "\n".join(nx.generate_gexf(graph)) + "\n"
    return re.sub(r"<meta\b.*?(?:/>|</meta>)\s*", "", text, count=1, flags=re.DOTALL).encode()


def _json(graph: "nx.MultiDiGraph[str]") -> bytes:
    return canonical.dumps(nx.node_link_data(graph, edges="edges")).encode()


def _svg(graph: "nx.MultiDiGraph[str]") -> bytes:
    return figures.svg(figures_graph.network(graph))


def _pdf(graph: "nx.MultiDiGraph[str]") -> bytes:
    return figures.pdf(figures_graph.network(graph))


_PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>Actors and acts</title>
<style>
body {{ font: 15px/1.5 Georgia, serif; color: #1d2b36; margin: 2rem auto; max-width: 70rem; padding: 0 1rem }}
table {{ border-collapse: collapse; width: 100%; margin: 1rem 0 2rem; font-size: 13px }}
th, td {{ text-align: left; vertical-align: top; padding: .3rem .6rem .3rem 0; border-bottom: 1px solid #c3c9ce; overflow-wrap: anywhere }}
td {{ font-family: ui-monospace, monospace }}
svg {{ max-width: 100%; height: auto }}
</style>
</head>
<body>
<h1>Actors and acts</h1>
<p>Solid lines are observed, dashed lines derived by a rule, dotted lines only asserted.</p>
{figure}
<h2>Nodes</h2>
{nodes}
<h2>Edges</h2>
{edges}
</body>
</html>
"""


def _html(graph: "nx.MultiDiGraph[str]") -> bytes:
    """One page that needs nothing else: the drawing, and all nodes and edges as tables."""
    drawing = _svg(graph).decode()
    figure = re.sub(r"<metadata>.*?</metadata>", "", drawing[drawing.index("<svg") :], flags=re.DOTALL)
    nodes = [(n, v.get("kind", ""), v.get("label", "")) for n, v in graph.nodes(data=True)]
    edges = [
        (a, v.get("act") or v.get("kind", ""), b, v.get("basis", ""), v.get("events", ""))
        for a, b, v in graph.edges(data=True)
    ]
    page = _PAGE.format(
        figure=figure,
        nodes=_rows(("node", "kind", "label"), nodes),
        edges=_rows(("from", "what", "to", "basis", "events"), edges),
    )
    return page.encode()


def _rows(head: tuple[str, ...], rows: list[tuple[Any, ...]]) -> str:
    def row(cells: tuple[Any, ...], tag: str) -> str:
        return "<tr>" + "".join(f"<{tag}>{html.escape(str(c))}</{tag}>" for c in cells) + "</tr>"

    body = "\n".join(row(r, "td") for r in rows)
    return f"<table>\n<thead>{row(head, 'th')}</thead>\n<tbody>\n{body}\n</tbody>\n</table>"


_WRITERS: dict[str, Callable[["nx.MultiDiGraph[str]"], bytes]] = {
    ".graphml": _graphml,
    ".gexf": _gexf,
    ".json": _json,
    ".svg": _svg,
    ".pdf": _pdf,
    ".html": _html,
}
