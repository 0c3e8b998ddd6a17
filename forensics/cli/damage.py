"""What was lost, and what it cost."""

from collections.abc import Mapping
from typing import Annotated, Any

import typer

from forensics.cli import listing, options

EXAMPLE = "forensics damage case --rates rates.toml --stated-gpus 8000 --stated-loss 10000000"
NEEDS = ("tables/",)
WRITES = True


def damage(
    case: options.Case,
    *,
    rates: options.Rates = None,
    stated_gpus: Annotated[
        int | None,
        typer.Option(
            min=0, metavar="N", help="A number of GPUs that somebody gave out, to set beside the records."
        ),
    ] = None,
    stated_loss: Annotated[
        str | None,
        typer.Option(metavar="AMOUNT", help="A loss that somebody gave out, in the currency of the rates."),
    ] = None,
    as_json: options.Json = False,
) -> None:
    """Show compute and energy lost, attempt by attempt, as ranges at stated rates.

    The sum `established` holds only attempts whose cause is an act. Hours of labour are listed and never
    added. See docs/how-to/estimate-damage.md for the file of rates.
    """
    from forensics import pipeline

    found = pipeline.damage(
        case, rates, stated_gpus=stated_gpus, stated_loss=stated_loss, command=options.as_typed()
    )
    if as_json:
        listing.record(found, as_json=True)
        return
    lists = {
        name: [_row(r) for r in found[name]]
        for name in ("attempts", "baseline", "labour", "mitigation", "rates")
    }
    rest = {name: _spelled(found[name]) for name in ("currency", "sums", "ceiling", "energy", "limits")}
    listing.sections({**rest, **lists}, as_json=False)


_JSON_ONLY = {"citations", "events", "literature", "cluster", "owner", "repeats", "allocated_hours"}


def _row(row: Mapping[str, Any]) -> dict[str, object]:
    """A row without what only JSON tells, the counts allocated beside the rest."""
    counts = row.get("allocated", {})
    kept = {name: _spelled(value) for name, value in row.items() if name not in {*_JSON_ONLY, "allocated"}}
    return kept | {name: _spelled(value) for name, value in counts.items()}


def _spelled(value: object) -> object:
    """A range on one line, `low..high (best)`, the best figure only where there is one; within anything that holds ranges."""
    if isinstance(value, list):
        return [_spelled(v) for v in value]
    if not isinstance(value, dict):
        return value
    if {"low", "high"} <= set(value):
        ends = f"{value['low']}..{value['high']}"
        return ends if value.get("central") is None else f"{ends} ({value['central']})"
    return {name: _spelled(inner) for name, inner in value.items()}
