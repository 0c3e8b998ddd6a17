"""Who could have acted, and what is asked: `roster.toml` and `case.toml`, read from their bytes.

Both are optional, and both are somebody's word: every line of a roster says where it was learnt.
Unknown keys are tolerated, so that other tools may add theirs.
"""

import tomllib
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any

from forensics.core import clock
from forensics.core.errors import RosterError

Tables = list[dict[str, Any]]


UNLISTED, HOLDER, ADMINISTRATOR = "somebody_not_listed", "holder_of:", "holder_of_all"
"""What findings call rivals that are not on a roster: anybody else; with a trust domain behind it, whoever holds that; whoever holds every one."""


@dataclass(frozen=True, slots=True)
class Account:
    """A person's own account. `from_ns`, `until_ns` bound the enrolment, in ns since 1970 UTC."""

    name: str
    uid: int | None
    source: str
    from_ns: int | None = None
    until_ns: int | None = None


@dataclass(frozen=True, slots=True)
class Key:
    """A key enrolled to a person, by the fingerprint that OpenSSH prints."""

    fingerprint: str
    source: str
    from_ns: int | None = None
    until_ns: int | None = None


@dataclass(frozen=True, slots=True)
class Device:
    """A device of a person, by its network address."""

    address: str
    name: str
    source: str
    from_ns: int | None = None
    until_ns: int | None = None


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who could have acted. `aliases` are other ways to write the name."""

    name: str
    role: str
    accounts: tuple[Account, ...]
    keys: tuple[Key, ...]
    devices: tuple[Device, ...]
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Term:
    """A member of a shared account from when and until when, in ns since 1970 UTC."""

    name: str
    from_ns: int | None
    until_ns: int | None


@dataclass(frozen=True, slots=True)
class SharedAccount:
    """An account that is nobody's own; `shared` says that its members enter it, and `terms` who of them does so in which time only."""

    name: str
    uid: int | None
    shared: bool
    members: tuple[str, ...]
    source: str
    terms: tuple[Term, ...] = ()


@dataclass(frozen=True, slots=True)
class Roster:
    """Persons, and accounts that are not one person's."""

    persons: tuple[Person, ...] = ()
    accounts: tuple[SharedAccount, ...] = ()


@dataclass(frozen=True, slots=True)
class Claim:
    """A denial to test: who makes it, whom it names, which job it is about."""

    id: str
    by: str = ""
    names: str = ""
    text: str = ""
    job: str = ""


@dataclass(frozen=True, slots=True)
class Requested:
    """A source that was asked for: what it is, of which host, account and format, of which time, and what was answered."""

    name: str
    host: str = ""
    format: str = ""
    answer: str = "given"
    reason: str = ""
    asked_ns: int | None = None
    from_ns: int | None = None
    until_ns: int | None = None
    account: str = ""


NONE_THERE = "none_there"
"""The answer that whoever looked found no such file: of an account's own files, on a host."""
ANSWERS = ("given", "refused", "not_kept", "pending", NONE_THERE)


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked of the evidence. `zone` is the IANA zone of clocks that name none.

    `places`: the folders of the evidence that were filled from hosts' and services' own places; empty where that is not said.
    """

    title: str = "Untitled case"
    cluster: str | None = None
    zone: str = "UTC"
    window: tuple[int, int] | None = None
    jobs: tuple[str, ...] = ()
    claims: tuple[Claim, ...] = ()
    sources: tuple[Requested, ...] = ()
    places: tuple[str, ...] = ()


def roster(raw: bytes, name: str) -> Roster:
    """Read a roster.

    Args:
        raw: the file's bytes.
        name: what to call the file in a message.

    Raises:
        RosterError: it is not TOML, or a value is not what the contract says.
    """
    found = _parsed(raw, name)
    people = tuple(_person(p, name) for p in _tables(found, "person", name))
    doubled = sorted(name for name, count in Counter(p.name for p in people).items() if count > 1)
    if doubled:
        raise RosterError(
            f"{name}: person {doubled[0]!r} is listed twice; give each person one [[person]] table"
        )
    return Roster(people, tuple(_shared(a, name) for a in _tables(found, "account", name)))


def question(raw: bytes, name: str) -> Question:
    """Read a case file.

    Raises:
        RosterError: it is not TOML, a value is not what the contract says, or the zone is unknown.
    """
    found = _parsed(raw, name)
    window = found.get("window")
    span: tuple[int, int] | None = None
    if window is not None:
        if not isinstance(window, list) or len(window) != 2:
            raise RosterError(
                f'{name}: window must be two times, as ["2026-11-23T15:00:00Z", "2026-11-23T16:00:00Z"]'
            )
        first, last = (_moment(v, "window", name) for v in window)
        if first is None or last is None or first > last:
            raise RosterError(f"{name}: window must begin before it ends")
        span = (first, last)
    return Question(
        title=_text(found, "title", name, default="Untitled case"),
        cluster=_text(found, "cluster", name) or None,
        zone=_zone(_text(found, "zone", name, default="UTC"), name),
        window=span,
        jobs=tuple(str(j) for j in _list(found, "jobs", name)),
        claims=tuple(_claim(c, name) for c in _tables(found, "claim", name)),
        sources=tuple(_requested(s, name) for s in _tables(found, "source", name)),
        places=tuple(_folder(p, name) for p in _list(found, "places", name)),
    )


def _folder(value: object, name: str) -> str:
    if not isinstance(value, str) or not value.strip("/"):
        raise RosterError(f'{name}: places are folders of the evidence, as places = ["login01", "slurm"]')
    return value


def _parsed(raw: bytes, name: str) -> dict[str, Any]:
    try:
        # A mark of byte order, which some editors put first, says nothing.
        return tomllib.loads(raw.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise RosterError(f"{name}: byte {error.start} is not UTF-8; save the file as UTF-8") from error
    except tomllib.TOMLDecodeError as error:
        raise RosterError(
            f"{name}: not TOML ({error}); see docs/how-to/collect-evidence.md for the form"
        ) from error


def _zone(name: str, file: str) -> str:
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError  # noqa: PLC0415 - loads a database, and only here

    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise RosterError(
            f'{file}: zone {name!r} is no IANA zone; write one such as "Europe/Amsterdam"'
        ) from error
    return name


def _tables(found: dict[str, Any], key: str, name: str) -> Tables:
    value = found.get(key, [])
    if not isinstance(value, list) or not all(isinstance(v, dict) for v in value):
        raise RosterError(f"{name}: write {key} as [[{key}]] tables")
    return value


def _list(found: dict[str, Any], key: str, name: str) -> list[Any]:
    value = found.get(key, [])
    if not isinstance(value, list):
        raise RosterError(f"{name}: {key} must be a list")
    return value


def _text(found: dict[str, Any], key: str, name: str, *, default: str = "", needed: bool = False) -> str:
    value = found.get(key, default)
    if not isinstance(value, str) or (needed and not value):
        raise RosterError(f"{name}: {key} must be a text{' and may not be missing' if needed else ''}")
    return value


def _number(found: dict[str, Any], key: str, name: str) -> int | None:
    value = found.get(key)
    if value is not None and (not isinstance(value, int) or isinstance(value, bool)):
        raise RosterError(f"{name}: {key} must be a whole number")
    return value


def _moment(value: object, key: str, name: str) -> int | None:
    """A TOML date, date-time or text as ns since 1970 UTC; one without an offset is read as UTC."""
    if value is None:
        return None
    if isinstance(value, str):
        try:
            value = clock.typed(value)
        except ValueError as error:
            raise RosterError(f"{name}: {key} = {value!r} is no time; write 2026-11-23T15:11:37Z") from error
    if isinstance(value, date) and not isinstance(value, datetime):
        value = datetime.combine(value, time(), UTC)
    if not isinstance(value, datetime):
        raise RosterError(f"{name}: {key} must be a time, as 2026-11-23T15:11:37Z")
    aware = value if value.tzinfo is not None else value.replace(tzinfo=UTC)
    gap = aware - datetime(1970, 1, 1, tzinfo=UTC)
    return (gap.days * 86_400 + gap.seconds) * 1_000_000_000 + gap.microseconds * 1_000


def _bounds(found: dict[str, Any], name: str) -> tuple[int | None, int | None]:
    first, last = (_moment(found.get(key), key, name) for key in ("from", "until"))
    if first is not None and last is not None and first > last:
        raise RosterError(
            f"{name}: from = {found['from']} is after until = {found['until']}; exchange the two"
        )
    return first, last


_DAY_NS = 86_400 * clock.NS_PER_S
_EAST_NS, _WEST_NS = 14 * 3600 * clock.NS_PER_S, 12 * 3600 * clock.NS_PER_S
"""How far the farthest zones are from UTC."""


def _enrolled(found: dict[str, Any], name: str) -> tuple[int | None, int | None]:
    """Bounds of an enrolment. A day by itself is all of that day in whatever zone: of two that meet on it, both can have held."""
    first, last = _bounds(found, name)
    if first is not None and _is_day(found["from"]):
        first -= _EAST_NS
    if last is not None and _is_day(found["until"]):
        last += _DAY_NS + _WEST_NS - 1
    return first, last


def _is_day(value: object) -> bool:
    """Whether a TOML value is a date with no time of the day."""
    if isinstance(value, str):
        return not any(mark in value for mark in "Tt: ")
    return isinstance(value, date) and not isinstance(value, datetime)


def is_nobody(person: str) -> bool:
    """Whether findings call so somebody who is not on a roster."""
    return person in {UNLISTED, ADMINISTRATOR} or person.startswith(HOLDER)


def _person(found: dict[str, Any], name: str) -> Person:
    def each(key: str, make: Callable[[dict[str, Any]], Any]) -> Iterable[Any]:
        return (make(v) for v in _tables(found, key, name))

    if is_nobody(str(found.get("name", ""))):
        raise RosterError(
            f"{name}: findings call those {found['name']!r} whom the roster does not list; write the name otherwise"
        )
    return Person(
        _text(found, "name", name, needed=True),
        _text(found, "role", name),
        tuple(each("accounts", lambda a: Account(_text(a, "name", name, needed=True), _number(a, "uid", name), _text(a, "source", name), *_enrolled(a, name)))),
        tuple(each("keys", lambda k: Key(_text(k, "fingerprint", name, needed=True), _text(k, "source", name), *_enrolled(k, name)))),
        tuple(each("devices", lambda d: Device(_text(d, "address", name, needed=True), _text(d, "name", name), _text(d, "source", name), *_enrolled(d, name)))),
    )  # fmt: skip


def _shared(found: dict[str, Any], name: str) -> SharedAccount:
    shared = found.get("shared", False)
    if not isinstance(shared, bool):
        raise RosterError(f"{name}: shared must be true or false")
    return SharedAccount(
        _text(found, "name", name, needed=True),
        _number(found, "uid", name),
        shared,
        tuple(str(m) for m in _list(found, "members", name) if not isinstance(m, dict)),
        _text(found, "source", name),
        tuple(
            Term(_text(m, "name", name, needed=True), *_enrolled(m, name))
            for m in _list(found, "members", name)
            if isinstance(m, dict)
        ),
    )


def _claim(found: dict[str, Any], name: str) -> Claim:
    job = found.get("job", "")
    return Claim(
        _text(found, "id", name, needed=True), _text(found, "by", name), _text(found, "names", name),
        _text(found, "text", name), "" if job is None else str(job),
    )  # fmt: skip


def _requested(found: dict[str, Any], name: str) -> Requested:
    answer = _text(found, "answer", name, default="given")
    if answer not in ANSWERS:
        raise RosterError(f"{name}: answer = {answer!r} of a [[source]]; write one of {', '.join(ANSWERS)}")
    asked = Requested(
        _text(found, "name", name, needed=True), _text(found, "host", name), _text(found, "format", name), answer,
        _text(found, "reason", name), _moment(found.get("asked"), "asked", name), *_bounds(found, name),
        _text(found, "account", name),
    )  # fmt: skip
    if answer == NONE_THERE and not (asked.host and asked.account and asked.format):
        raise RosterError(
            f"{name}: a [[source]] of which none is there is an account's own files: give its host, account and format"
        )
    return asked
