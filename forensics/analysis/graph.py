"""The actor-action graph: one edge per act, and the links that lead from a person to it.

Nodes are of different kinds and never merged: person, account, credential, device, session, act's
object, job. Two acts between the same nodes are two edges.
"""

from collections.abc import Mapping

import networkx as nx

from forensics.analysis.acts import Act
from forensics.analysis.identity import Directory
from forensics.analysis.jobs import Job
from forensics.analysis.sessions import Session


def build(
    acts: list[Act], sessions: list[Session], jobs: list[Job], directory: Directory
) -> "nx.MultiDiGraph[str]":
    """Draw the acts and what they rest on.

    Returns:
        A multigraph. Every edge has `kind` (act, or the name of a link), `basis` (observed, derived
        or asserted) and `events` (comma-separated ids). Edges of kind `act` are as many as the acts.
    """
    graph: nx.MultiDiGraph[str] = nx.MultiDiGraph()
    for job in jobs:
        _node(graph, f"job:{job.job}", "job", job.job)
    for act in acts:
        source = _actor(graph, act)
        target = f"job:{act.object}" if act.object == act.job else f"object:{act.object}"
        _node(graph, target, "job" if act.object == act.job else "object", act.object)
        graph.add_edge(
            source,
            target,
            key=act.act_id,
            kind="act",
            act=act.act,
            basis="observed",
            events=",".join(act.events),
        )
        if act.job is not None and act.object != act.job:
            _node(graph, f"job:{act.job}", "job", act.job)
            basis = "observed" if act.link == "observed" else "derived"
            graph.add_edge(
                target,
                f"job:{act.job}",
                key=f"{act.act_id}:link",
                kind=act.why_link or "link",
                basis=basis,
                events=",".join(act.events),
            )
    used = {a.session.session_id for a in acts if a.session} | {
        p.session.session_id for a in acts for p in a.planters if p.session
    }
    for session in sessions:
        if session.session_id in used:
            _session(graph, session, directory)
    return graph


def _node(graph: "nx.MultiDiGraph[str]", name: str, kind: str, label: str) -> None:
    graph.add_node(name, kind=kind, label=label)


def _actor(graph: "nx.MultiDiGraph[str]", act: Act) -> str:
    """The node an act comes from: its session where there is one, else the account, else nobody known."""
    if act.session is not None:
        name = f"session:{act.session.session_id}"
        _node(
            graph,
            name,
            "session",
            f"{act.session.account or '?'} {act.session.service} {act.session.ses or ''}".strip(),
        )
    else:
        name = f"account:{act.account or '?'}"
        _node(graph, name, "account", act.account or "?")
    return name


def _session(graph: "nx.MultiDiGraph[str]", session: Session, directory: Directory) -> None:
    node = f"session:{session.session_id}"
    _node(graph, node, "session", f"{session.account or '?'} {session.service} {session.ses or ''}".strip())
    events = ",".join(session.events)
    for kind, value in (
        ("account", session.account),
        ("credential", session.credential),
        ("device", session.address),
    ):
        if value is None:
            continue
        _node(graph, f"{kind}:{value}", kind, value)
        graph.add_edge(
            f"{kind}:{value}",
            node,
            key=f"{node}:{kind}",
            kind=f"{kind}_of_session",
            basis="observed",
            events=events,
        )
        line = {"account": "account", "credential": "key", "device": "device"}[kind]
        for e in [
            *directory.lines(line, value),
            *(directory.lines("shared_account", value) if kind == "account" else []),
        ]:
            if e.person is not None:
                _node(graph, f"person:{e.person}", "person", e.person)
                graph.add_edge(
                    f"person:{e.person}",
                    f"{kind}:{value}",
                    key=f"{e.source}:{e.domain}",
                    kind="enrolled",
                    basis=e.basis,
                    events=",".join(e.events),
                )


def named(graph: "nx.MultiDiGraph[str]", names: Mapping[str, str]) -> "nx.MultiDiGraph[str]":
    """The same graph with names in the place of pseudonyms."""
    told = {f"person:{pseudonym}": f"person:{name}" for pseudonym, name in names.items()}
    found: nx.MultiDiGraph[str] = nx.relabel_nodes(graph, told)
    for _, attributes in found.nodes(data=True):
        attributes["label"] = names.get(attributes["label"], attributes["label"])
    return found
