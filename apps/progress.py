"""Progress bars on stderr, shown once a step has taken two seconds."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from tqdm import tqdm
from tqdm.contrib.logging import logging_redirect_tqdm

Progress = Callable[[int, int], None]
SHOW_AFTER_S = 2.0
LOG_INTERVAL_S = 10.0  # into a file or a CI log: a line now and then, not ten a second


@contextmanager
def progress_bar(label: str, quiet: bool) -> Iterator[Progress]:
    """A bar as the callback progress(done, total) that long work takes."""
    quiet = quiet or sys.stderr is None  # closed, or a program without a console
    interval = 0.1 if not quiet and sys.stderr.isatty() else LOG_INTERVAL_S
    with (
        logging_redirect_tqdm(),
        tqdm(desc=label, delay=SHOW_AFTER_S, disable=quiet, mininterval=interval, leave=False) as bar,
    ):

        def progress(done: int, total: int) -> None:
            bar.total = total
            bar.update(done - bar.n)

        yield progress
