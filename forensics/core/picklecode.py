"""A pickle's code taken apart without being run: which names a loader would import, which calls it would make, what text it holds.

`pickletools.genops` is a reader of opcodes and no loader: it makes no object of what it reads and imports nothing.
What is followed here is only text through stack and memo, so that a name put together of two constants is still seen.
The number of opcodes, names and constants is bounded.
"""

import io
import pickletools
from dataclasses import dataclass, field

from forensics.core.model import Why

MOST_OPCODES = 5_000_000
_MOST_NAMES = 10_000
_MOST_STRINGS, _LONGEST_STRING = 1000, 4096
_CONSTANTS = frozenset(
    {
        *("STRING", "BINSTRING", "SHORT_BINSTRING", "BINBYTES", "SHORT_BINBYTES", "BINBYTES8", "BYTEARRAY8"),
        *("UNICODE", "SHORT_BINUNICODE", "BINUNICODE", "BINUNICODE8"),
    }
)
_CALLS = frozenset({"REDUCE", "INST", "OBJ", "NEWOBJ", "NEWOBJ_EX"})


@dataclass(slots=True)
class Listing:
    """What has been listed so far, and the loader's stack as far as it can be known: text or None."""

    names: dict[str, None] = field(default_factory=dict)
    strings: list[str] = field(default_factory=list)
    reduces: int = 0
    opcodes: int = 0
    protocol: int | None = None
    stack: list[str | None] = field(default_factory=list)
    marks: list[int] = field(default_factory=list)
    memo: dict[int, str | None] = field(default_factory=dict)

    def row(self, kind: str, content_bytes: int, *, complete: bool) -> dict[str, object]:
        """What was listed, by column."""
        return {
            "kind": kind,
            "protocol": self.protocol,
            "globals": list(self.names),
            "reduces": self.reduces,
            "strings": self.strings,
            "content_bytes": content_bytes,
            "complete": complete,
        }

    def name(self, module: str | None, name: str | None) -> None:
        """Keep a name that a loader would import."""
        if len(self.names) < _MOST_NAMES:
            self.names[f"{module or '?'}.{name or '?'}"[:_LONGEST_STRING]] = None

    def text(self, value: object) -> str | None:
        """A constant as text, kept for the strings column; None where it is no text."""
        if isinstance(value, bytes | bytearray):
            try:
                value = bytes(value).decode()
            except UnicodeDecodeError:
                return None
        if not isinstance(value, str):
            return None
        # A lone surrogate can be written in a pickle and is no text elsewhere.
        safe = value.encode("utf-8", "backslashreplace").decode()
        if len(self.strings) < _MOST_STRINGS:
            self.strings.append(safe[:_LONGEST_STRING])
        return safe

    def pop(self) -> str | None:
        """The top of the stack; a mark counts as an item that is not known."""
        if self.marks and self.marks[-1] >= len(self.stack):
            self.marks.pop()
            return None
        return self.stack.pop() if self.stack else None

    def to_mark(self) -> None:
        """Drop everything down to the last mark, and the mark."""
        del self.stack[self.marks.pop() if self.marks else 0 :]


def _step(listing: Listing, name: str, arg: object, opcode: pickletools.OpcodeInfo) -> None:
    """Follow one opcode as far as names and text go."""
    listing.opcodes += 1
    listing.reduces += name in _CALLS
    memo, stack = listing.memo, listing.stack
    if name in {"MEMOIZE", "PUT", "BINPUT", "LONG_BINPUT"}:
        index = len(memo) if name == "MEMOIZE" else arg
        memo[int(str(index))] = stack[-1] if stack else None
    elif name in {"GET", "BINGET", "LONG_BINGET"}:
        stack.append(memo.get(int(str(arg))))
    elif name == "DUP":
        stack.append(stack[-1] if stack else None)
    elif name == "MARK":
        listing.marks.append(len(stack))
    elif name == "STACK_GLOBAL":
        last, first = listing.pop(), listing.pop()
        listing.name(first, last)
        stack.append(None)
    else:
        _other(listing, name, arg, opcode)


def _other(listing: Listing, name: str, arg: object, opcode: pickletools.OpcodeInfo) -> None:
    """Opcodes that only take from the stack and put on it, some of them naming a global in themselves."""
    if name in {"GLOBAL", "INST"}:
        module, _, attribute = str(arg).partition(" ")
        listing.name(module, attribute)
    elif name.startswith("EXT"):
        listing.name("copyreg.extension", str(arg))
    elif name == "PROTO":
        listing.protocol = int(str(arg))
    before = opcode.stack_before
    if pickletools.markobject in before:
        listing.to_mark()
        # What stands before the mark, such as the list that is appended to, goes too.
        before = before[: before.index(pickletools.markobject)]
    for _ in before:
        listing.pop()
    text = listing.text(arg) if name in _CONSTANTS else None
    listing.stack.extend([text] * len(opcode.stack_after))


def listed(code: bytes, start: int, listing: Listing) -> tuple[int, Why | None]:
    """Follow one pickle from `start`; returns where it stops, or where and why it cannot be followed."""
    source = io.BytesIO(code)
    source.seek(start)
    at = start
    try:
        for opcode, arg, _ in pickletools.genops(source):
            if listing.opcodes >= MOST_OPCODES:
                return at, Why.TOO_LONG
            _step(listing, opcode.name, arg, opcode)
            at = source.tell()
    except (ValueError, OverflowError):
        return at, Why.TRUNCATED if source.tell() >= len(code) else Why.SHAPE
    return at, None
