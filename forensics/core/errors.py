"""Foreseen failures: one class, one exit status, one remedy each.

Bad data is a value and never arrives here. These are for bad use, a damaged case folder, or a disk that says no.
"""


class ForensicsError(Exception):
    """A failure the program foresaw. Its text says what is wrong, where, and what to do."""

    exit_code = 4


class UsageError(ForensicsError):
    """The words on the command line do not fit together."""

    exit_code = 2


class CaseError(ForensicsError):
    """The folder named is no case, or lacks the stage that the command needs."""

    exit_code = 5


class CustodyError(ForensicsError):
    """A sealed file no longer has the hash it was sealed under, or the ledger's chain is broken."""

    exit_code = 6


class RosterError(ForensicsError):
    """The roster or the case file cannot be read as the contract describes it."""

    exit_code = 7


class NotFoundError(ForensicsError):
    """The case holds no such job, event, claim or table."""

    exit_code = 8


class OutputError(ForensicsError):
    """The output cannot be written where, or as what, it was asked for."""

    exit_code = 9


class ClusterError(ForensicsError):
    """The cluster named cannot be reached, or cannot do the work."""

    exit_code = 10


class PlaceError(ForensicsError):
    """The object store that holds the case cannot be reached, or another run changed the case meanwhile."""

    exit_code = 11


class RatesError(ForensicsError):
    """The file of rates cannot be read as docs/how-to/estimate-damage.md describes it."""

    exit_code = 12


class RulesError(ForensicsError):
    """Rules that flag events cannot be read as docs/how-to/flag-events.md describes them, or what reads them is not installed."""

    exit_code = 13


class LanguageError(ForensicsError):
    """The typefaces of the language asked for are not installed, or are not those that a report is set in."""

    exit_code = 14
