"""The actor-action graph as two tables: of what an analysis drew, and the graph again made of them, node by node and edge by edge."""

from typing import Any

import networkx as nx
import pyarrow as pa

from forensics.core.schema import Column, Table
from forensics.core.tables import STRINGS

NODE = Table(
    "graph_node",
    "one node of the actor-action graph; its row is its number",
    (
        Column("node", pa.int64(), "its number"),
        Column("kind", pa.string(), "person, account, credential, device, session, process, version, object or job"),
        Column("name", pa.string(), "what tells it from others of its kind", None, "a person"),
        Column("label", pa.string(), "what it is called", None, "a person"),
        Column("person", pa.string(), "the person", None, "no person"),
    ),
)  # fmt: skip
EDGE = Table(
    "graph_edge",
    "one edge of the actor-action graph: an act, or a link between what acted; two acts between the same nodes are two",
    (
        Column("source", pa.int64(), "the node that it leaves"),
        Column("target", pa.int64(), "the node that it leads to"),
        Column("key", pa.string(), "what tells it from others between the same nodes; of an act its id"),
        Column("kind", pa.string(), "act, or what kind of link"),
        Column("basis", pa.string(), "observed in a record, derived by a rule, or asserted by somebody"),
        Column("earliest", pa.string(), "when it can have been first, as text", None, "no time is known"),
        Column("latest", pa.string(), "when it can have been last", None, "no time is known"),
        Column("events", STRINGS, "the events that it rests on"),
        Column("act", pa.string(), "what was done", None, "no act"),
        Column("rule", pa.string(), "the rule that made it an act", None, "no act"),
        Column("rivals", pa.string(), "how many others it can have been as well; empty where there is none", None, "not asked of this kind"),
        Column("by", pa.string(), "what leads from one session to the other, comma-separated", None, "not asked of this kind"),
        Column("class", pa.string(), "how a candidate is one", None, "no candidate"),
        Column("against", pa.string(), "events that speak against a candidate, comma-separated", None, "no candidate"),
    ),
)  # fmt: skip
TABLES = (NODE, EDGE)
_PERSON = "person"
_MORE = ("act", "rule", "rivals", "by", "class", "against")
_TIMES = ("earliest", "latest")


def tables(graph: "nx.MultiDiGraph[str]") -> dict[str, pa.Table]:
    """A graph of `graph.build` as its tables, nodes and edges in the order in which they were drawn."""
    numbers = {name: number for number, name in enumerate(graph)}
    nodes: dict[str, list[object]] = {name: [] for name in NODE.names}
    for name, values in graph.nodes(data=True):
        who = values["kind"] == _PERSON
        told = None if who else name.partition(":")[2]
        row = (
            numbers[name],
            values["kind"],
            told,
            None if who else values["label"],
            values["label"] if who else None,
        )
        for column, value in zip(NODE.names, row, strict=True):
            nodes[column].append(value)
    edges: dict[str, list[object]] = {name: [] for name in EDGE.names}
    for source, target, key, values in graph.edges(keys=True, data=True):
        cells: dict[str, object] = {
            "source": numbers[source],
            "target": numbers[target],
            "key": key,
            "kind": values["kind"],
            "basis": values["basis"],
        }
        cells |= {name: values[name] or None for name in _TIMES}
        cells |= {name: values.get(name) for name in _MORE}
        cells["events"] = values["events"].split(",") if values["events"] else []
        for name in EDGE.names:
            edges[name].append(cells[name])
    return {"graph_node": NODE.build(nodes), "graph_edge": EDGE.build(edges)}


def graph(nodes: pa.Table, edges: pa.Table) -> "nx.MultiDiGraph[str]":
    """The graph that two tables were made of.

    Args:
        nodes: schema `graph_node`, in its order.
        edges: schema `graph_edge`, in its order.

    Returns:
        A multigraph as `graph.build` draws it, with the names that the tables have for persons.
    """
    drawn: nx.MultiDiGraph[str] = nx.MultiDiGraph()
    names: list[str] = []
    for row in nodes.to_pylist():
        label = row["person"] if row["kind"] == _PERSON else row["label"]
        names.append(f"{row['kind']}:{label if row['name'] is None else row['name']}")
        drawn.add_node(names[-1], kind=row["kind"], label=label)
    for row in edges.to_pylist():
        told: dict[str, Any] = {"kind": row["kind"], "basis": row["basis"], "events": ",".join(row["events"])}
        told |= {name: row[name] or "" for name in _TIMES}
        told |= {name: row[name] for name in _MORE if row[name] is not None}
        drawn.add_edge(names[row["source"]], names[row["target"]], key=row["key"], **told)
    return drawn
