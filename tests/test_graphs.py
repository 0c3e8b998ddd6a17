"""The graph in six formats: nothing collapsed, nothing of the evidence alive, the same bytes twice."""

import json
import xml.etree.ElementTree as ET
from html.parser import HTMLParser
from itertools import pairwise

import networkx as nx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forensics.core.errors import OutputError
from forensics.render import figures_graph, graphs

SUFFIXES = ["graphml", "gexf", "json", "svg", "pdf", "html"]
SHOUT = '<script src="http://x.example/a.js">alert(1)</script>"&\x00\u202e'


def graph(name="kai", *, backwards=False):
    made = nx.MultiDiGraph()
    nodes = [(f"person:{name}", "person", name), ("account:kai", "account", "kai"), ("session:s1", "session", "kai sshd 38"),
             ("object:/srv/a.py", "object", "/srv/a.py"), ("job:11", "job", "11"), ("credential:k", "credential", "SHA256:k")]  # fmt: skip
    edges = [
        (f"person:{name}", "account:kai", "e1", {"kind": "enrolled", "basis": "asserted", "events": ""}),
        ("account:kai", "session:s1", "e2", {"kind": "account_of_session", "basis": "observed", "events": "x"}),
        ("session:s1", "object:/srv/a.py", "a1", {"kind": "act", "act": "modify_file", "basis": "observed", "events": "x,y"}),
        ("session:s1", "object:/srv/a.py", "a2", {"kind": "act", "act": "modify_file", "basis": "observed", "events": "x,y"}),
        ("object:/srv/a.py", "job:11", "l1", {"kind": "opened_by_job", "basis": "derived", "events": None}),
    ]  # fmt: skip
    for n, kind, label in reversed(nodes) if backwards else nodes:
        made.add_node(n, kind=kind, label=label)
    for a, b, key, values in reversed(edges) if backwards else edges:
        made.add_edge(a, b, key=key, **values)
    return made


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_the_order_it_was_built_in_changes_nothing(tmp_path, suffix):
    one, two = tmp_path / f"one.{suffix}", tmp_path / f"two.{suffix}"
    graphs.draw(graph(), one)
    graphs.draw(graph(backwards=True), two)
    assert one.read_bytes() == two.read_bytes()
    assert b"lastmodified" not in one.read_bytes()


def test_parallel_acts_stay_parallel_in_every_format(tmp_path):
    for suffix in SUFFIXES:
        graphs.draw(graph(), tmp_path / f"g.{suffix}")
    assert nx.read_graphml(tmp_path / "g.graphml", force_multigraph=True).number_of_edges() == 5
    assert nx.read_gexf(tmp_path / "g.gexf").number_of_edges() == 5
    assert len(json.loads((tmp_path / "g.json").read_bytes())["edges"]) == 5
    assert (tmp_path / "g.html").read_text().count("modify_file") == 2


def test_attributes_survive(tmp_path):
    graphs.draw(graph(), tmp_path / "g.graphml")
    read = nx.read_graphml(tmp_path / "g.graphml", force_multigraph=True)
    assert read.nodes["session:s1"] == {"kind": "session", "label": "kai sshd 38"}
    assert {v["basis"] for _, _, v in read.edges(data=True)} == {"asserted", "observed", "derived"}


class Page(HTMLParser):
    def __init__(self):
        super().__init__()
        self.tags, self.links, self.policy = [], [], ""

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.links += [v for k, v in attrs if k in {"src", "href", "xlink:href"} and not v.startswith("#")]
        if dict(attrs).get("http-equiv") == "Content-Security-Policy":
            self.policy = dict(attrs)["content"]


def test_the_page_is_alone_and_dead(tmp_path):
    graphs.draw(graph(SHOUT), tmp_path / "g.html")
    page = Page()
    page.feed((tmp_path / "g.html").read_text())
    assert "script" not in page.tags
    assert page.links == []
    assert page.policy.startswith("default-src 'none'")
    assert page.tags.count("svg") == 1


@pytest.mark.parametrize("suffix", ["graphml", "gexf", "svg"])
def test_hostile_names_leave_the_xml_whole(tmp_path, suffix):
    graphs.draw(graph(SHOUT), tmp_path / f"g.{suffix}")
    raw = (tmp_path / f"g.{suffix}").read_bytes()
    assert b"<script" not in raw
    assert ET.fromstring(raw) is not None  # noqa: S314 - we wrote it


def test_an_unknown_suffix_is_refused(tmp_path):
    with pytest.raises(OutputError, match="suffix"):
        graphs.draw(graph(), tmp_path / "g.dot")


def test_an_unwritable_place_is_said(tmp_path):
    with pytest.raises(OutputError, match="cannot be written"):
        graphs.draw(graph(), tmp_path / "no" / "g.json")


def test_an_empty_graph_is_a_graph(tmp_path):
    for suffix in SUFFIXES:
        graphs.draw(nx.MultiDiGraph(), tmp_path / f"g.{suffix}")
        assert (tmp_path / f"g.{suffix}").stat().st_size > 0


def test_more_nodes_than_can_be_read_are_counted():
    many = nx.MultiDiGraph()
    for n in range(200):
        many.add_node(f"object:{n}", kind="object", label=str(n))
    told = [t.get_text() for t in figures_graph.network(many).axes[0].texts]
    assert "40 more nodes are not drawn" in told


@settings(max_examples=30, deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from(sorted(figures_graph.COLUMNS)), st.integers(0, 9)),
        min_size=1,
        max_size=40,
        unique=True,
    ),
    st.randoms(),
)
def test_no_node_covers_another(nodes, random):
    made = nx.MultiDiGraph()
    for kind, n in nodes:
        made.add_node(f"{kind}:{n}", kind=kind, label=str(n))
    names = sorted(made.nodes)
    for _ in range(len(names)):
        made.add_edge(random.choice(names), random.choice(names), kind="act", basis="observed")
    places = figures_graph.layout(made)
    assert set(places) == set(names)
    spots = sorted((p.x, p.y) for p in places.values())
    assert all(a[0] != b[0] or abs(a[1] - b[1]) > 0.3 for a, b in pairwise(spots))
