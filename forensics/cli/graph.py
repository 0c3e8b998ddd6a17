"""The graph of who acted on what."""

from forensics.cli import options

EXAMPLE = "forensics graph case -o graph.graphml"
NEEDS = ("tables/",)
WRITES = False


def graph(case: options.Case, *, output: options.Output) -> None:
    """Write the graph of actors and acts: .graphml, .gexf, .json, .svg, .pdf or .html, by the suffix of FILE."""
    from forensics import pipeline

    pipeline.graph(case, output)
