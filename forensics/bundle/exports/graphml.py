"""GraphML: accounts, jobs and things as nodes, one edge for each act in the findings, parallel acts kept apart.

Source  http://graphml.graphdrawing.org/specification.html
Who     an edge runs from the account that a source names; the person an act is attributed to is an attribute of the edge,
        with the verdict, and is empty unless the verdict is `attributed`
"""

from collections.abc import Iterable
from pathlib import Path
from xml.etree import ElementTree as ET

from forensics.bundle.exports import Given, Json, Told
from forensics.core.words import shown

MEANING = "the acts in question as a graph, for Gephi, yEd, Cytoscape and networkx"
SUFFIX = ".graphml"
_NS = "http://graphml.graphdrawing.org/xmlns"
_EDGE = ("id", "act", "when", "until", "host", "link", "verdict", "person", "strength", "job")


def write(given: Given, out: Path) -> Told:
    """Write the acts of the findings."""
    root = ET.Element("graphml", {"xmlns": _NS})
    for name in ("kind", "name"):
        ET.SubElement(
            root, "key", {"id": f"n_{name}", "for": "node", "attr.name": name, "attr.type": "string"}
        )
    for name in _EDGE:
        ET.SubElement(
            root, "key", {"id": f"e_{name}", "for": "edge", "attr.name": name, "attr.type": "string"}
        )
    graph = ET.SubElement(root, "graph", {"id": "acts", "edgedefault": "directed"})
    acts = list(given.findings.get("acts") or ())
    nodes = {node for act in acts for node in _ends(act)}
    names = {node: f"n{i}" for i, node in enumerate(sorted(nodes))}
    for (kind, name), key in names.items():
        node = ET.SubElement(graph, "node", {"id": key})
        _data(node, [("n_kind", kind), ("n_name", name)])
    for act in acts:
        source, target = (names[end] for end in _ends(act))
        edge = ET.SubElement(graph, "edge", {"id": act["id"], "source": source, "target": target})
        _data(edge, [(f"e_{k}", v) for k, v in _said(act).items()])
    ET.indent(root)
    out.write_bytes(b'<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(root, encoding="utf-8") + b"\n")
    return Told(len(acts))


def _ends(act: Json) -> tuple[tuple[str, str], tuple[str, str]]:
    """From the account that acts to what it acts on."""
    kind = "job" if act["object"] == act.get("job") else "thing"
    return ("account", str(act["account"] or "not recorded")), (kind, str(act["object"]))


def _said(act: Json) -> dict[str, object]:
    person = act.get("person") or {}
    when = act.get("when") or (None, None)
    named = person.get("name") if person.get("verdict") == "attributed" else None
    return {
        "id": act["id"], "act": act["act"], "when": when[0], "until": when[1], "host": act.get("host"), "link": act.get("link"),
        "verdict": person.get("verdict"), "person": named, "strength": person.get("strength") if named else None, "job": act.get("job"),
    }  # fmt: skip


def _data(of: ET.Element, values: Iterable[tuple[str, object]]) -> None:
    for key, value in values:
        if value is not None:
            ET.SubElement(of, "data", {"key": key}).text = shown(str(value))
