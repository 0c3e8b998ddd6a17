"""What is unlike the rest of a history, as facts: none of them is a finding, and most have an ordinary reason.

A laptop crosses zones, a rebase keeps author times, a clock is wrong, one person has two mailboxes.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import pandas as pd
import pyarrow as pa

from forensics.analysis import absent, tips
from forensics.analysis.acts import Scene
from forensics.analysis.evidence import picked, rows_of
from forensics.analysis.histories import Commit, Key
from forensics.core.schema import Column, Table
from forensics.core.tables import STRINGS

FACTS = {
    "zone_unlike_others": "the zone of a commit is none that nine in ten commits of that address share",
    "committer_before_author": "the committer time lies before the author time",
    "parent_later_than_child": "the committer time of a parent lies after that of its child",
    "received_before_committed": "the git server received it before the time that it says it was committed",
    "committer_is_not_author": "author and committer carry different addresses; told once of an address that commits for others and wrote nothing itself, as a forge does",
    "address_under_names": "one address is written with several names",
    "name_under_addresses": "one name is written with several addresses",
    "joined_by_mailmap": "a mailmap in the history says that two identities are one",
    "replaced": "a replace ref puts another object in the place of this one for whoever reads with git",
    "grafted": "a graft gives the commit other parents than it names",
    "cut_by_shallow": "a shallow file says that the history stops here",
    "parent_missing": "a parent that the commit names is not in the evidence, and no shallow file says so",
    "ref_without_object": "refs of a repository name objects that are not in the evidence: why is not said",
    "stale_table": "a file of refs is not in the repository's list of these: git reads it no more, and what it says does not count",
    **absent.FACTS,
    "dangling": "no ref and no reflog leads to the commit",
    "reflog_only": "only a reflog leads to the commit",
}

ODDITY = Table(
    "oddity",
    "something in which a commit or an identity differs from the rest: a fact, not a finding",
    (
        Column("fact", pa.string(), "which, from the closed list `FACTS`"),
        Column("oid", pa.string(), "the commit", None, "about an identity"),
        Column("repository", pa.string(), "its repository", None, "about an identity, or not known"),
        Column("about", pa.string(), "what was compared, as text"),
        Column("events", STRINGS, "events that show it"),
    ),
)
_FEWEST = 5
_SHARE = 0.9
_PERSON = re.compile(r"(?P<name>.*?) ?<(?P<address>[^<>]*)>", re.DOTALL)
_MAILMAP = re.compile(r"[^#<>\n]*<[^<>\n]+>[^#<>\n]*(?:<[^<>\n]+>)?")
_MOST_NAMES = 20
_ZONE = re.compile(r"[+-][0-9]{4}")


class Oddity(NamedTuple):
    """One row of the table."""

    fact: str
    oid: str | None
    repository: str | None
    about: str
    events: tuple[str, ...]


def find(scene: Scene, commits: Mapping[Key, Commit]) -> list[Oddity]:
    """Every fact of the closed list, in a total order."""
    zones, services = _zones(commits.values()), _services(commits.values())
    found = [fact for commit in commits.values() for fact in _of(commit, commits, zones, services)]
    found += _served(commits.values(), services)
    found += [Oddity(*fact) for fact in absent.find(scene, commits)]
    found += [*_identities(commits.values()), *_mailmaps(scene, commits), *_layout(scene), *_lost(scene)]
    return sorted(found, key=lambda o: (o.fact, o.repository or "", o.oid or "", o.about, o.events))


def parted(person: object) -> tuple[str, str]:
    """Name and address of `name <address>`."""
    found = _PERSON.fullmatch(person) if isinstance(person, str) else None
    return (found["name"], found["address"].lower()) if found else (str(person or ""), "")


def _zones(commits: Iterable[Commit]) -> dict[str, Counter[str]]:
    """How often each address committed in each zone; each commit counts once, however many repositories hold it."""
    once = {commit.oid: commit for commit in commits}
    found: dict[str, Counter[str]] = defaultdict(Counter)
    for commit in once.values():
        if isinstance(commit.row.committer_zone, str):
            found[parted(commit.row.committer)[1]][commit.row.committer_zone] += 1
    return found


def _services(commits: Iterable[Commit]) -> frozenset[str]:
    """Addresses that committed what several others wrote and are nobody's who wrote: what a forge does for whoever merges on its pages."""
    written: set[str] = set()
    served: dict[str, set[str]] = defaultdict(set)
    for commit in commits:
        author, committer = parted(commit.row.author)[1], parted(commit.row.committer)[1]
        written.add(author)
        if author != committer:
            served[committer].add(author)
    return frozenset(a for a, authors in served.items() if a and len(authors) >= _FEWEST and a not in written)


def _served(commits: Iterable[Commit], services: frozenset[str]) -> Iterable[Oddity]:
    """One fact for each such address and repository, with the first commits that show it."""
    found: dict[tuple[str, str], list[Commit]] = defaultdict(list)
    for commit in commits:
        address = parted(commit.row.committer)[1]
        if address in services:
            found[commit.repository or "", address].append(commit)
    for (repository, address), own in found.items():
        authors = len({parted(commit.row.author)[1] for commit in own})
        shown = sorted(own, key=lambda commit: commit.oid)[:_MOST_NAMES]
        about = f"{address} committed {len(own)} commits of {authors} other addresses, and wrote none"
        yield Oddity(
            "committer_is_not_author", None, repository or None, about, tuple(c.events[0] for c in shown)
        )


def _an_hour_apart(zone: str, other: str) -> bool:
    """Whether two zones such as `+0100` differ as summer time and winter time do."""
    minutes = [(-1 if z[:1] == "-" else 1) * (int(z[1:3]) * 60 + int(z[3:5])) for z in (zone, other) if _ZONE.fullmatch(z)]  # fmt: skip
    return len(minutes) == 2 and abs(minutes[0] - minutes[1]) == 60


def _of(
    commit: Commit,
    commits: Mapping[Key, Commit],
    zones: Mapping[str, Counter[str]],
    services: frozenset[str],
) -> Iterable[Oddity]:
    row, where = commit.row, commit.repository

    def told(fact: str, about: str, *events: str) -> Oddity:
        return Oddity(fact, commit.oid, where, about, (commit.events[0], *events))

    committed, written = _number(row.committer_s), _number(row.author_s)
    counts = zones.get(parted(row.committer)[1], Counter())
    total, here = counts.total(), counts.get(row.committer_zone, 0)
    common, times = counts.most_common(1)[0] if counts else ("", 0)
    if total >= _FEWEST and here and times >= _SHARE * total and common != row.committer_zone:
        summer = (
            ": an hour apart, as summer time makes it" if _an_hour_apart(row.committer_zone, common) else ""
        )
        yield told(
            "zone_unlike_others", f"{row.committer_zone}, where {times} of {total} are in {common}{summer}"
        )
    if committed is not None and written is not None and committed < written:
        yield told("committer_before_author", f"by {written - committed} s")
    if parted(row.author)[1] != parted(row.committer)[1] and parted(row.committer)[1] not in services:
        yield told("committer_is_not_author", f"author {row.author}, committer {row.committer}")
    if committed is not None and commit.received and commit.received[1] < committed * 1_000_000_000:
        early = committed - commit.received[1] // 1_000_000_000
        yield told("received_before_committed", f"by {early} s", commit.events[-1])
    for oid in commit.parents:
        parent = commits.get((where, oid))
        late = _number(parent.row.committer_s) if parent else None
        if parent and late is not None and committed is not None and late > committed:
            yield told("parent_later_than_child", f"parent {oid} by {late - committed} s", parent.events[0])
    if commit.reached_by in {"nothing", "reflog"}:
        yield told(
            "dangling" if commit.reached_by == "nothing" else "reflog_only",
            str(row.message or "").split("\n")[0],
        )


def _number(value: Any) -> int | None:  # noqa: ANN401 - a value of any column
    return None if pd.isna(value) else int(value)


def _identities(commits: Iterable[Commit]) -> Iterable[Oddity]:
    """Addresses with several names and names with several addresses, each with a commit that shows each."""
    names: dict[str, dict[str, str]] = defaultdict(dict)
    addresses: dict[str, dict[str, str]] = defaultdict(dict)
    for commit in sorted(commits, key=lambda c: (c.oid, c.repository or "")):
        for person in (commit.row.author, commit.row.committer):
            name, address = parted(person)
            if name and address:
                names[address].setdefault(name, commit.events[0])
                addresses[name].setdefault(address, commit.events[0])
    for fact, told in (("address_under_names", names), ("name_under_addresses", addresses)):
        for one, many in told.items():
            if len(many) > 1:
                shown = sorted(many)[:_MOST_NAMES]
                yield Oddity(
                    fact, None, None, f"{one}: {', '.join(shown)}", tuple(sorted({many[m] for m in shown}))
                )


def _mailmaps(scene: Scene, commits: Mapping[Key, Commit]) -> Iterable[Oddity]:
    """The lines of each mailmap that a commit put in place."""
    put = {
        c["new_oid"] for commit in commits.values() for c in commit.changes or () if c["path"] == ".mailmap"
    }
    texts = scene.evidence.blobs.texts(oid for oid in put if oid is not None)
    for commit in commits.values():
        for change in commit.changes or ():
            if change["path"] == ".mailmap" and change["new_oid"] in texts:
                for line in texts[change["new_oid"]].splitlines():
                    if _MAILMAP.fullmatch(line.strip()):
                        yield Oddity(
                            "joined_by_mailmap",
                            commit.oid,
                            commit.repository,
                            line.strip(),
                            (commit.events[0],),
                        )


def _layout(scene: Scene) -> Iterable[Oddity]:
    """Replace refs, grafts and shallow lines, as they were found; parents that are nowhere."""
    events = scene.events
    refs = picked(
        events,
        events["format"].isin(tips.FORMATS) & (events["object_kind"] == "ref") & (events["verb"] == "other"),
    )
    lists = tips.listed(events)
    unread = refs.assign(table=tips.stale(refs, lists))
    first = unread[unread["table"].notna()].sort_values(["sha256", "start", "event_id"])
    for e in rows_of(first.drop_duplicates(["host", "repository", "table"])):
        yield Oddity("stale_table", None, _known(e.repository), str(e.table), (e.event_id,))
    for e in rows_of(refs[tips.standing(refs, lists)]):
        if isinstance(e.object, str) and e.object.startswith(tips.REPLACE):
            yield Oddity("replaced", e.object[13:], _known(e.repository), f"by {e.text}", (e.event_id,))
    cut: set[str] = set()
    layout = events["format"].isin({"git_layout", "git_ref"}) & (events["verb"] == "setting")
    for e in rows_of(picked(events, layout & events["object"].notna())):
        word = str(e.text).split(":")[0]
        if word in {"grafts", "shallow"}:
            cut.add(e.object)
            fact = "grafted" if word == "grafts" else "cut_by_shallow"
            yield Oddity(fact, e.object, _known(e.repository), str(e.text), (e.event_id,))
    for e in rows_of(picked(events, events["verb"] == "commit")):
        row = scene.git_objects.get(e.object)
        for oid in row.parents if row is not None and isinstance(row.parents, list) else ():
            if oid not in scene.git_objects and e.object not in cut:
                yield Oddity("parent_missing", e.object, _known(e.repository), f"parent {oid}", (e.event_id,))


def _lost(scene: Scene) -> Iterable[Oddity]:
    """The refs of each repository that lead to nothing in the evidence."""
    for one in scene.evidence.lost:
        ref, oid, _ = one.examples[0]
        about = f"{ref} names {oid}" if one.number == 1 else f"{one.number} refs, of which {ref} names {oid}"
        events = tuple(event for _, _, event in one.examples)
        yield Oddity("ref_without_object", oid if one.number == 1 else None, one.repository, about, events)


def _known(value: object) -> str | None:
    return value if isinstance(value, str) else None


def table(found: Iterable[Oddity]) -> pa.Table:
    """The facts as the declared table."""
    rows = [[*o[:4], list(o.events)] for o in found]
    return ODDITY.build({name: [row[i] for row in rows] for i, name in enumerate(ODDITY.names)})
