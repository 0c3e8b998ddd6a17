"""How far a long command is, shown only to somebody who watches."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

Progress = Callable[[str, int, int], None]
"""Called with what is being read, how many bytes of the whole have been read, and how many there are."""


@contextmanager
def watched(what: str) -> Iterator[Progress | None]:
    """A progress bar on standard error while it is a terminal; otherwise nothing at all."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

    # rich honours NO_COLOR by itself.
    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        transient=True,
    )
    with bar:
        task = bar.add_task(what, total=None)

        def moved(_reading: str, done: int, whole: int) -> None:
            bar.update(task, completed=done, total=whole)

        yield moved
