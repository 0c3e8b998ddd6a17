"""An incident with a sealed truth, for practice and for tests."""

import json
from pathlib import Path
from typing import Annotated

import typer

from forensics.cli import options

EXAMPLE = "forensics simulate practice/ --seed 7 --technique T07a --coverage 70"


def simulate(
    out: Annotated[Path, typer.Argument(metavar="OUT", help="The folder to write; empty or absent.")],
    *,
    seed: Annotated[
        int, typer.Option(metavar="N", min=0, help="The same seed makes the same incident, byte for byte.")
    ],
    technique: Annotated[
        str | None, typer.Option(metavar="ID", help="T01 to T42, in place of the seed's own.")
    ] = None,
    actor: Annotated[
        str | None,
        typer.Option(
            metavar="WHO", help="own, shared, stolen, node_root, cluster_admin, automation or nobody."
        ),
    ] = None,
    evasion: Annotated[
        str | None,
        typer.Option(
            metavar="HOW",
            help="none, forged_author, touch, log_deletion, retention_cut, clock_step or payload.",
        ),
    ] = None,
    coverage: Annotated[
        int | None, typer.Option(metavar="PERCENT", help="100, 70 or 40 % of the sources.")
    ] = None,
    people: Annotated[
        int | None, typer.Option(min=4, max=12, metavar="N", help="How many people there are.")
    ] = None,
    as_json: options.Json = False,
) -> None:
    """Make an incident that did not happen: evidence in real formats, roster, case file, and truth.json beside them.

    truth.json is the answer and no input: give `OUT/evidence`, `OUT/roster.toml` and `OUT/case.toml` to `investigate`.
    """
    from forensics import pipeline

    chosen = pipeline.simulate(
        out, seed, technique=technique, actor=actor, evasion=evasion, coverage=coverage, people=people
    )
    if as_json:
        typer.echo(json.dumps(chosen, indent=1, sort_keys=True))
        return
    for name, value in sorted(chosen.items()):
        typer.echo(f"{name}\t{value}")
