"""Names of accounts at forges whose users can change their own: which names are of one account, by the number that the server gave it.

GitLab and Gitea know an account by a number. Whoever has one can call it otherwise, also as somebody else is called elsewhere,
push, and call it as before. So where the evidence shows a number with several names, or a name with several numbers, none of
these names is taken for the account of the roster that happens to be called the same: it is told as `kai@gitlab`.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from forensics.core import ids

_SPAN = ("sha256", "start", "stop")
COLUMNS: Mapping[str, Sequence[str]] = {
    "gitlab_events": (*_SPAN, "author_id", "account"),
    "gitlab_json": (*_SPAN, "author_id", "account", "was", "became"),
    "gitea_database": (*_SPAN, "kind", "id", "actor", "name"),
}
"""What is read of each format that has numbers beside names."""
FORGES: Mapping[str, frozenset[str]] = {
    "gitlab": frozenset({"gitlab_events", "gitlab_json"}),
    "gitea": frozenset({"gitea_database", "gitea_log"}),
}
"""Forges, and the formats that tell of their accounts."""
_NAMES = {"user": "id", "user_redirect": "actor"}
"""Of rows of Gitea's database that name accounts, where the number stands."""


class Called(NamedTuple):
    """One telling of a name: of an account by its number, or as what another name was changed to or from; `event` says so."""

    forge: str
    name: str
    number: int | None
    became: str | None
    event: str


def told(found: Mapping[str, pa.Table]) -> list[Called]:
    """Every name with every number that it has, the first telling of each, in a total order.

    Args:
        found: tables by name, those of `COLUMNS` with these columns; any can be missing.
    """
    rows = [one for form in sorted(COLUMNS) if form in found for one in _told(form, found[form])]
    first: dict[tuple[object, ...], Called] = {}
    for one in sorted(rows, key=lambda c: c.event):
        first.setdefault(one[:4], one)
    return sorted(first.values(), key=lambda c: (c.forge, c.name, c.number or -1, c.became or ""))


def _told(form: str, table: pa.Table) -> Iterable[Called]:
    forge = next(name for name, forms in FORGES.items() if form in forms)
    if form == "gitea_database":
        table = table.filter(pc.is_in(table["kind"], pa.array(sorted(_NAMES))))
        for row in table.select(COLUMNS[form]).to_pylist():
            yield from _called(forge, row["name"], row[_NAMES[row["kind"]]], None, row)
        return
    named = pc.and_(pc.is_valid(table["author_id"]), pc.is_valid(table["account"]))
    some = table.filter(named).group_by(["author_id", "account"]).aggregate([(c, "min") for c in _SPAN[:1]])
    for number, name, sha256 in zip(
        some["author_id"].to_pylist(),
        some["account"].to_pylist(),
        some["sha256_min"].to_pylist(),
        strict=True,
    ):
        own = pc.and_(
            pc.equal(table["sha256"], sha256),
            pc.and_(pc.equal(table["author_id"], number), pc.equal(table["account"], name)),
        )
        row = table.filter(pc.fill_null(own, False)).sort_by("start").slice(0, 1).to_pylist()[0]
        yield from _called(forge, name, number, None, row)
    if "was" in COLUMNS[form]:
        for row in table.filter(pc.and_(pc.is_valid(table["was"]), pc.is_valid(table["became"]))).to_pylist():
            yield from _called(forge, row["was"], None, row["became"], row)


def _called(
    forge: str, name: object, number: object, became: str | None, row: Mapping[str, Any]
) -> Iterable[Called]:
    if isinstance(name, str) and (isinstance(number, int) or became is not None):
        event = ids.event_id(row["sha256"], row["start"], row["stop"])
        yield Called(forge, name, number if isinstance(number, int) else None, became, event)


def unsure(names: Iterable[Called]) -> dict[str, frozenset[str]]:
    """By forge, the names, in small letters, that were changed, or are of several numbers, or of one that has several."""
    numbers: dict[tuple[str, str], set[int]] = {}
    called: dict[tuple[str, int], set[str]] = {}
    found: dict[str, set[str]] = {}
    for one in names:
        name = one.name.lower()
        if one.number is not None:
            numbers.setdefault((one.forge, name), set()).add(one.number)
            called.setdefault((one.forge, one.number), set()).add(name)
        if one.became is not None:
            found.setdefault(one.forge, set()).update((name, one.became.lower()))
    for (forge, name), held in numbers.items():
        if len(held) > 1:
            found.setdefault(forge, set()).add(name)
    for (forge, _), several in called.items():
        if len(several) > 1:
            found.setdefault(forge, set()).update(several)
    return {forge: frozenset(held) for forge, held in sorted(found.items())}


def withheld(events: pd.DataFrame, found: Mapping[str, pa.Table]) -> pd.DataFrame:
    """Events in which an account of a forge whose name is not sure is none of the roster's: the forge stands behind the name.

    Args:
        events: schema `event`.
        found: as `told` takes them.
    """
    names = unsure(told({name: found[name] for name in COLUMNS if name in found}))
    for forge, held in names.items():
        own = events["format"].isin(FORGES[forge]) & events["account"].str.lower().isin(held)
        if own.any():
            events = events.copy()
            events.loc[own, "account"] = events.loc[own, "account"] + f"@{forge}"
    return events


def contradictions(
    names: Sequence[Called], cites: Callable[[Iterable[str]], list[Any]]
) -> list[dict[str, Any]]:
    """Each name at a forge that is not of one account alone, with all that is told of it.

    Args:
        names: as `told` gives them.
        cites: the spans that events cite.
    """
    found = []
    for forge, held in unsure(names).items():
        for name in sorted(held):
            of = [
                one
                for one in names
                if one.forge == forge and name in {one.name.lower(), (one.became or "").lower()}
            ]
            says = [{"what": _said(one), "citations": cites([one.event])} for one in of]
            found.append({"about": f"account {name} of {forge}", "kind": "forge_name_changed", "says": says})
    return found


def _said(one: Called) -> str:
    return (
        f"number {one.number} is called {one.name}"
        if one.became is None
        else f"{one.name} is changed to {one.became}"
    )
