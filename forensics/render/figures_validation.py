"""Figures of a validation: Tippett plot, who is named by coverage, errors by what an adversary holds."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from forensics.render import figures, figures_library

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Json = Mapping[str, Any]

_INK, _ACCENT, _PALE = "#1d2b36", "#1f4e79", "#9aa3a9"
_SIZE_IN = (6.3, 3.2)


def save(told: Json, folder: Path) -> list[Path]:
    """Draw the figures of a validation into a folder, as SVG; the same content gives the same bytes."""
    figures_library.load()
    from matplotlib.figure import Figure  # noqa: PLC0415 - where it draws

    drawn = []
    for name, draw in (("tippett", _tippett), ("coverage", _coverage), ("framing", _framing)):
        path = folder / f"{name}.svg"
        with figures.fixed():
            figure = Figure(figsize=_SIZE_IN, layout="constrained")
            draw(figure.add_subplot(), told)
            figures.save(figure, path)
        drawn.append(path)
    return drawn


def _tippett(axes: "Axes", told: Json) -> None:
    """Share of ratios that are at least x: of who did it, and of who did not."""
    curves = told["all"]["ratios"]["tippett"]
    axes.set_title("Likelihood ratios of everybody on the roster", fontsize=8)
    axes.set_xlabel("likelihood ratio (log)")
    axes.set_ylabel("share at least that")
    axes.set_xscale("log")
    # No mathematics is set in figures, so that no text of evidence can be: a power of ten is written as a number.
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:g}")
    axes.xaxis.set_minor_formatter(lambda *_: "")
    axes.set_ylim(0, 1.02)
    for key, words, style in (("same", "did it", "-"), ("other", "did not", "--")):
        points = curves[key]
        if points:
            axes.step(
                [x for x, _ in points],
                [y for _, y in points],
                where="post",
                label=words,
                color=_ACCENT,
                linestyle=style,
                marker="o",
                markersize=3,
            )
    if curves["same"] or curves["other"]:
        axes.legend(frameon=False)
    else:
        axes.text(
            0.5,
            0.5,
            "no likelihood ratios in these findings",
            transform=axes.transAxes,
            ha="center",
            color=_INK,
        )


def _bars(axes: "Axes", shares: Mapping[str, Json], label: str) -> None:
    names = list(shares)
    rates = [100 * (shares[n]["rate"] or 0.0) for n in names]
    above = [100 * (shares[n]["upper"] or 0.0) - r for n, r in zip(names, rates, strict=True)]
    below = [r - 100 * (shares[n]["lower"] or 0.0) for n, r in zip(names, rates, strict=True)]
    axes.barh(range(len(names)), rates, xerr=[below, above], color=_PALE, ecolor=_INK, capsize=2)
    axes.set_yticks(range(len(names)), [f"{n} ({shares[n]['of']})" for n in names])
    axes.set_xlim(0, 100)
    axes.set_xlabel(label)


def _coverage(axes: "Axes", told: Json) -> None:
    """Incidents whose actor is not named, by how much of the evidence there is."""
    shares = {f"{int(k)} % of sources": v for k, v in told["not_named_by_coverage"].items()}
    _bars(axes, shares, "actor not named, % of incidents, with exact 95 % bounds")


def _framing(axes: "Axes", told: Json) -> None:
    """Somebody named for what they did not do, by how many trust domains the adversary holds."""
    shares = {f"{k} domains held": v for k, v in told["framing_by_domains_held"].items()}
    _bars(axes, shares, "somebody named for what they did not do, % of incidents, with exact 95 % bounds")
