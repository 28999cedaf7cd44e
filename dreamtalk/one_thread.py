"""Small networks on one thread: faster than on several, and the same sums on every machine."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch


@contextmanager
def one_thread() -> Iterator[None]:
    """Keep torch to one thread meanwhile, and give it its own number back.

    Networks as small as EmoDiff wait for each other's threads longer than they compute: two threads took three to
    seven times as long as one (AMD EPYC, two cores). Sums also depend on how they are split among threads.
    """
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)
