"""Figures as a Markdown table, printed, and put into the page that holds them."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from costs import machine


def grid(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table with its first column to the left and numbers to the right."""
    lines = [heads, ["---"] + ["---:"] * (len(heads) - 1), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def number(value: float) -> str:
    """Two figures that count, which is more than a shared machine is good for."""
    if value >= 10:
        return f"{value:.0f}"
    return f"{value:.1f}" if value >= 1 else f"{value:.2f}"


def publish(name: str, text: str, page: Path | None) -> None:
    """Print a table under its machine and date, and put it between its marks in a page where one is named."""
    told = f"{machine()}, {datetime.now(UTC):%Y-%m-%d}.\n\n{text}"
    print(told)
    if page is not None:
        marks = f"<!-- {name} -->", f"<!-- end of {name} -->"
        held = page.read_text(encoding="utf-8")
        between = re.compile(re.escape(marks[0]) + ".*?" + re.escape(marks[1]), re.DOTALL)
        if not between.search(held):
            raise SystemExit(f"{page}: has no place for {name}; write {' '.join(marks)} where it goes")
        page.write_text(between.sub(lambda _: f"{marks[0]}\n{told}\n{marks[1]}", held), encoding="utf-8")
