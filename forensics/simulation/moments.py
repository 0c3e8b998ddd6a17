"""Moments of simulated time in the layouts that logs use. All clocks of the simulation keep UTC."""

import time

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def _parts(ms: int) -> time.struct_time:
    return time.gmtime(ms // 1000)


def traditional(ms: int) -> str:
    """`Nov 23 15:11:37`, as syslog wrote it for decades: no year, no zone."""
    p = _parts(ms)
    return f"{_MONTHS[p.tm_mon - 1]} {p.tm_mday:2d} {p.tm_hour:02d}:{p.tm_min:02d}:{p.tm_sec:02d}"


def seconds(ms: int) -> str:
    """`2026-11-23T15:11:42`."""
    p = _parts(ms)
    return f"{p.tm_year}-{p.tm_mon:02d}-{p.tm_mday:02d}T{p.tm_hour:02d}:{p.tm_min:02d}:{p.tm_sec:02d}"


def milliseconds(ms: int) -> str:
    """`2026-11-23T15:11:42.662`, as Slurm's daemons write it."""
    return f"{seconds(ms)}.{ms % 1000:03d}"


def zoned(ms: int, micros: int) -> str:
    """`2026-11-23T15:11:37.046885+00:00`, as rsyslog writes it."""
    return f"{seconds(ms)}.{ms % 1000:03d}{micros:03d}+00:00"


def utc(ms: int) -> str:
    """`2026-11-23T15:11:37Z`, for `case.toml`."""
    return f"{seconds(ms)}Z"


def dotted(ms: int) -> str:
    """`2026-11-23.15:11:38`, as gitolite writes it."""
    return seconds(ms).replace("T", ".")


def month(ms: int) -> str:
    """`2026-11`."""
    return seconds(ms)[:7]
