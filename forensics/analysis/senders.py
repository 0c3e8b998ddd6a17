"""Commands that can have sent one request to a scheduler, where several can.

A request that was logged names an account, and no process. Each of a flood of requests can have been sent by each of a flood of
commands: those nearest to it are cited, all are counted, and whose they are is never cut.
"""

from typing import NamedTuple

from forensics.analysis.acts import Act
from forensics.analysis.evidence import Row

MOST_CITED = 20
"""Of the commands that can have sent one request so many are cited, and one of each host."""


class Sent(NamedTuple):
    """Commands in order of time, the processes that ran them, and their accounts."""

    ran: list[Row]
    sources: frozenset[tuple[object, ...]]
    accounts: frozenset[str]


def sent(ran: list[Row]) -> Sent:
    """Commands, in order of time, by the processes that ran them and their accounts."""
    accounts = frozenset(e.account for e in ran if isinstance(e.account, str))
    return Sent(ran, frozenset((e.host, e.session, e.pid) for e in ran), accounts)


def cite(act: Act, found: Sent, at_ns: int | None) -> None:
    """Add to a request at a moment what can have sent it: each account, and the commands that are cited, counted where not all are."""
    act.rival_accounts |= found.accounts
    cited = _nearest(found.ran, at_ns)
    act.events += [str(e.event_id) for e in cited]
    act.senders = len(found.ran) if len(cited) < len(found.ran) else 0


def _nearest(ran: list[Row], at_ns: int | None) -> list[Row]:
    """Of commands in order of time those that are nearest to a moment, and the nearest of each host, in that order."""
    if len(ran) <= MOST_CITED:
        return ran
    order = sorted(range(len(ran)), key=lambda n: (abs(int(ran[n].earliest_ns) - (at_ns or 0)), n))
    of_hosts = {ran[n].host: n for n in reversed(order)}
    return [ran[n] for n in sorted({*order[:MOST_CITED], *of_hosts.values()})]
