"""What can be read."""

import inspect
from collections.abc import Iterator
from typing import TYPE_CHECKING

from forensics.cli import listing, options

if TYPE_CHECKING:
    from forensics.core.model import Format

EXAMPLE = "forensics formats"

COLUMNS = ("format", "reads", "recognised_by", "cut", "domain", "columns")


def formats(*, as_json: options.Json = False) -> None:
    """List what can be read: how a file is recognised, who could have forged it, and the columns it gives."""
    listing.rows(COLUMNS, described(), as_json=as_json)


def described() -> Iterator[dict[str, object]]:
    """The formats as they describe themselves, in order of name."""
    from forensics.formats import registry

    for name, form in registry().items():
        yield {
            "format": name,
            "reads": _plain(form.TABLE.meaning),
            "recognised_by": _plain(how(form)),
            "cut": form.CUT,
            "domain": form.DOMAIN,
            "columns": form.TABLE.names,
        }


def _plain(text: str) -> str:
    """Our own words without the backquotes that set names of commands apart in the reference: these are of another typeface nowhere here."""
    return text.replace("`", "")


def how(form: "Format") -> str:
    """How a format knows its files, in the words of its own `recognise`."""
    return " ".join((inspect.getdoc(form.recognise) or "by its content").split())
