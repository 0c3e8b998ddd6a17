"""What is written down of every rule by which something is derived: why it holds, where it errs, and its version.

A version goes up when the rule comes to fire elsewhere than before, so that two reports that differ can be traced to it.
"""

from typing import NamedTuple


class Rule(NamedTuple):
    """A rule: the kinds of act that it makes (none where it ties things), why it holds, and where it errs."""

    acts: tuple[str, ...]
    rationale: str
    errs: str
    version: int = 1
