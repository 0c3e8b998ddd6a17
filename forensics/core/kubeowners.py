"""Which job the objects of a cluster belong to: a pod to a set, a workload of a queue to a job, up to the last that is known."""

from collections.abc import Mapping

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from forensics.core import loose, rowsets

Key = tuple[object, object]
"""Namespace and name of an object."""

_WHICH = ("namespace", "name")


def table(known: Mapping[Key, str]) -> pa.Table:
    """What objects belong to in the end, of what they belong to first."""
    places = list(known)
    columns = [[place[n] for place in places] for n in range(2)]
    text = [pa.array(column, pa.string()) for column in columns]
    return pa.table(
        dict(zip((*_WHICH, "job"), [*text, pa.array(list(last(known).values()), pa.string())], strict=True))
    )


def settled(owned: pa.Table) -> pa.Table:
    """Rows of `namespace`, `name` and `job`, each with the last job instead of the next."""
    keys = zip(*(owned[name].to_pylist() for name in _WHICH), strict=True)
    known = dict(zip(keys, owned["job"].to_pylist(), strict=True))
    at = owned.column_names.index("job")
    return owned.set_column(at, "job", pa.array(list(last(known).values()), pa.string()))


def last(known: Mapping[Key, str]) -> dict[Key, str]:
    """The name that each leads to, from one to the next in its namespace; where it leads in a circle, the last that is new."""
    found: dict[Key, str] = {}
    for key in known:
        way: dict[Key, int] = {}
        at = key
        while at in known and at not in found and at not in way:
            way[at] = len(way)
            at = (at[0], known[at])
        names = [str(name) for _, name in way]
        if at in way:
            # On a circle each ends at the one before it; what leads into it ends where it does on entering.
            start = way[at]
            circle = dict(zip(list(way)[start:], [names[-1], *names[start:-1]], strict=True))
            found |= circle
            end = circle[at]
        else:
            end = found.get(at, str(at[1]))
        found |= {one: end for one in way if one not in found}
    return {key: found[key] for key in known}


def jobs(told: Mapping[str, pa.Array], kinds: pa.Array, owned: pa.Table) -> pa.Array:
    """The job that each request is about, as `namespace/name`, in a dictionary; null where it is about none, or about several at once.

    Args:
        told: the columns of the requests.
        kinds: null where the object is no job, and does not run for one.
        owned: what objects belong to in the end.
    """
    number, first = rowsets.numbered([kinds, *(told[key] for key in _WHICH)])
    kinds, space, name = (
        loose.plain(c.take(pa.array(first))) for c in (kinds, *(told[key] for key in _WHICH))
    )
    own = [space, name]
    known = [_whole(owned[key]) for key in _WHICH]
    place = rowsets.places(own, known) if len(owned) else np.full(len(name), -1, np.int64)
    chief = _whole(owned["job"]).take(pa.array(place, mask=place < 0))
    name = pc.coalesce(chief, name)
    full = pc.if_else(pc.is_valid(space), pc.binary_join_element_wise(space, name, "/"), name)
    return loose.looked_up(pc.if_else(pc.is_valid(kinds), full, pa.scalar(None, pa.string())), number)


def _whole(column: pa.ChunkedArray) -> pa.Array:
    return pa.concat_arrays(column.chunks) if column.num_chunks else pa.nulls(0, column.type)
