"""Taking in: a case folder, its evidence, and the two files that say who could have acted and what is asked."""

import hashlib
import shlex
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from forensics import __version__
from forensics.core import roster as asked
from forensics.core.errors import CaseError, CustodyError, UsageError
from forensics.core.roster import Question, Roster
from forensics.custody import collected, ledger
from forensics.custody import seal as sealing

if TYPE_CHECKING:
    from forensics.core.flagrules import Rule
    from forensics.core.rates import Rates

ROSTER = "roster.toml"
ABOUT = "case.toml"
RATES = "rates.toml"
SIGMA = "sigma.json"
_READ = {ROSTER: asked.roster, ABOUT: asked.question}


def hand(command: str | None = None) -> ledger.Hand:
    """Who acts, for the ledger; without a command, the words that this process was started with."""
    return ledger.hand(f"forensics {__version__}", shlex.join(sys.argv) if command is None else command)


def create(case: Path, *, command: str | None = None) -> None:
    """Make an empty case with its ledger; leave one that exists as it is.

    Raises:
        CaseError: the folder holds something else.
    """
    path = sealing.ledger_of(case)
    if path.exists():
        ledger.unbroken(path)
        return
    if case.exists() and (not case.is_dir() or any(case.iterdir())):
        raise CaseError(f"{case}: holds something that is no case; name a folder that is empty or absent")
    case.mkdir(parents=True, exist_ok=True)
    ledger.append(path, hand(command), [("create", {})])


def seal(
    case: Path,
    evidence: Sequence[Path] = (),
    *,
    reference: bool = False,
    roster: Path | None = None,
    about: Path | None = None,
    command: str | None = None,
) -> list[sealing.Sealed]:
    """Take evidence, roster and case file into a case. What is there already is left as it is.

    Returns:
        Everything that the case holds now.

    Raises:
        CaseError: there is no case, or another run is at work on it.
        CustodyError: some evidence cannot be read, or is no longer what was sealed.
        RosterError: the roster or the case file is not as the contract says.
    """
    chain = sealing.ledger_of(case)
    # To seal evidence begins with checking it; inputs are entered before.
    if roster is not None or about is not None or not chain.exists():
        ledger.unbroken(chain)
    with sealing.locked(case):
        for name, source in ((ROSTER, roster), (ABOUT, about)):
            if source is not None:
                _take_input(case, name, source, command)
        rows = sealing.seal(case, evidence, hand(command), reference=reference)
        opened = False
        for archive in collected.archives(case, rows):
            if not _is_a_file(case, archive):
                collected.open_up(case, archive, hand(command))
                opened = True
        return sealing.rows(case) if opened else rows


def _is_a_file(case: Path, archive: collected.Archive) -> bool:
    """Whether a format reads it as it is, as one does checkpoints, which are zip archives too."""
    from forensics import formats  # noqa: PLC0415 - all formats, only where there is an archive

    return formats.of_archive(collected.head(case, archive, 1 << 16), archive.row.path) is not None


def archives_of(case: Path, entered: Iterable[ledger.Entry] | None = None) -> list[dict[str, object]]:
    """What was counted in each archive that was opened: members of each kind, and what was wrong.

    Args:
        case: the case folder.
        entered: the ledger's entries of archives, where somebody checked it and has them.
    """
    entered = ledger.check(sealing.ledger_of(case), "unpack") if entered is None else entered
    opened = [entry["what"] for entry in entered]
    return [
        {"archive": e["archive"], "form": e["form"], "packing": e["packing"], **e["counted"]} for e in opened
    ]


def roster_of(case: Path) -> Roster:
    """Who could have acted; nobody, where the case has no roster."""
    raw = _input(case, ROSTER)
    return Roster() if raw is None else asked.roster(raw, ROSTER)


def question_of(case: Path, inputs: Iterable[ledger.Entry] | None = None) -> Question:
    """What is asked; nothing in particular, where the case has no case file.

    Args:
        case: the case folder.
        inputs: the ledger's entries of inputs, where somebody checked it and has them.
    """
    raw = _input(case, ABOUT, inputs)
    return Question() if raw is None else asked.question(raw, ABOUT)


def rates_of(case: Path, source: Path | None = None, *, command: str | None = None) -> "Rates | None":
    """What hours cost, as given; none, where no file of rates was. One that is named becomes an input of the case.

    Raises:
        RatesError: the file is not as the how-to says.
    """
    from forensics.core import rates as priced  # noqa: PLC0415 - ingest needs none, and starts sooner

    if source is not None:
        ledger.unbroken(sealing.ledger_of(case))
        with sealing.locked(case):
            raw = _bytes_of(source)
            priced.rates(raw, str(source))
            _put_input(case, RATES, raw, command)
    held = _input(case, RATES)
    return None if held is None else priced.rates(held, RATES)


def rules_of(case: Path, source: Path | None = None, *, command: str | None = None) -> "tuple[Rule, ...]":
    """The rules that flag events, as given; none, where no folder of them was. One that is named becomes an input of the case.

    Raises:
        RulesError: a rule is not as the how-to says, or what reads rules is not installed.
    """
    from forensics.core import sigmarules  # noqa: PLC0415 - the same

    if source is not None:
        raw = sigmarules.packed(source)
        sigmarules.rules(raw, str(source))
        ledger.unbroken(sealing.ledger_of(case))
        with sealing.locked(case):
            _put_input(case, SIGMA, raw, command)
    held = _input(case, SIGMA)
    return () if held is None else sigmarules.rules(held, SIGMA)


def _take_input(case: Path, name: str, source: Path, command: str | None) -> None:
    raw = _bytes_of(source)
    _READ[name](raw, str(source))
    _put_input(case, name, raw, command)


def _bytes_of(source: Path) -> bytes:
    try:
        return source.read_bytes()
    except OSError as error:
        raise UsageError(f"{source}: cannot be read ({error.strerror}); name the file as it lies") from error


def _put_input(case: Path, name: str, raw: bytes, command: str | None) -> None:
    target = case / "inputs" / name
    if target.exists() and target.read_bytes() == raw and _entered(case, name) == _sha256(raw):
        return
    target.parent.mkdir(exist_ok=True)
    partial = target.with_name(f".{name}.partial")
    partial.write_bytes(raw)
    partial.rename(target)
    what = {"name": name, "sha256": _sha256(raw), "bytes": len(raw)}
    ledger.append(sealing.ledger_of(case), hand(command), [("input", what)])


def _input(case: Path, name: str, inputs: Iterable[ledger.Entry] | None = None) -> bytes | None:
    """The bytes of an input, as the ledger last entered them.

    Raises:
        CustodyError: they were changed since.
    """
    entered = _entered(case, name, inputs)
    if entered is None:
        return None
    path = case / "inputs" / name
    raw = path.read_bytes() if path.exists() else b""
    if _sha256(raw) != entered:
        raise CustodyError(f"{path}: not what the ledger entered; give the file again with `forensics seal`")
    return raw


def _entered(case: Path, name: str, inputs: Iterable[ledger.Entry] | None = None) -> str | None:
    found = None
    for entry in ledger.check(sealing.ledger_of(case), "input") if inputs is None else inputs:
        if entry["what"]["name"] == name:
            found = str(entry["what"]["sha256"])
    return found


def _sha256(raw: bytes) -> str:
    return hashlib.sha256(raw).hexdigest()
