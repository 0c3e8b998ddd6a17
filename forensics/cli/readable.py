"""A failure of whoever reads tables, told apart: a table of the case that was damaged is a foreseen one, and nothing else is."""

import sys
from pathlib import Path
from types import TracebackType

from forensics.core.errors import CaseError

_READERS = (("pyarrow", "ArrowException"), ("duckdb", "Error"))


class Readable:
    """While a command works on a case: where reading a table fails, and one is damaged, says which and what to do."""

    def __init__(self, case: Path) -> None:
        self._case = case

    def __enter__(self) -> None:
        """Nothing is to be done before."""

    def __exit__(
        self, _kind: type[BaseException] | None, error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        """Look at the tables where those who read them failed; they are loaded late, and may not be.

        Raises:
            CaseError: a table is damaged, or holds other columns. Another failure passes as it is.
        """
        kinds = tuple(getattr(sys.modules[name], kind) for name, kind in _READERS if name in sys.modules)
        if not isinstance(error, kinds):
            return
        from forensics import pipeline

        damaged = pipeline.damaged_table(self._case)
        if damaged is not None:
            raise CaseError(
                f"{damaged}: cannot be read as a table of the case; remove the folder {self._case / 'tables'},"
                " and run `forensics ingest` and `forensics analyse` again"
            ) from error
