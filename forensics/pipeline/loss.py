"""Damage: what a case's jobs lost, at rates that somebody states."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from forensics.core import rates as priced
from forensics.core.errors import UsageError
from forensics.pipeline.answer import examined
from forensics.pipeline.found import findings_of
from forensics.pipeline.take import rates_of


def damage(
    case: Path,
    rates: Path | None = None,
    *,
    stated_gpus: int | None = None,
    stated_loss: str | None = None,
    command: str | None = None,
) -> dict[str, Any]:
    """What the jobs asked about lost, as `analysis.damage` says it.

    Args:
        case: the case folder, analysed.
        rates: a file of rates, which becomes an input of the case; else the one that it has.
        stated_gpus: a number of GPUs to set beside the records, instead of the file's.
        stated_loss: an amount to set beside them, instead of the file's.
        command: the command as it was typed.

    Raises:
        CaseError: the case was not analysed.
        RatesError: the file of rates is not as the how-to says.
        UsageError: there is no file of rates.
    """
    from forensics.analysis import blind  # noqa: PLC0415 - pandas and networkx, when needed
    from forensics.analysis import damage as analysis  # noqa: PLC0415 - pandas and networkx, when needed

    findings_of(case)
    stated = rates_of(case, rates, command=command)
    if stated is None:
        raise UsageError(
            f"{case}: holds no rates; name a file with --rates, as docs/how-to/estimate-damage.md shows"
        )
    figure = stated.stated
    if stated_gpus is not None:
        figure = replace(figure, gpus=stated_gpus)
    if stated_loss is not None:
        figure = replace(figure, loss=priced.amount(stated_loss, "--stated-loss"))
    done, names = examined(case)
    found: dict[str, Any] = blind.unblinded(analysis.damage(done, replace(stated, stated=figure)), names)
    return found
