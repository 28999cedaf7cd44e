"""One stage of a stream works in a thread of its own, a few pieces ahead of whoever reads it."""

from collections.abc import Iterable, Iterator
from queue import Queue
from threading import Event, Thread
from typing import TypeVar

T = TypeVar("T")

DEPTH = 2


def prefetched(pieces: Iterable[T]) -> Iterator[T]:
    """The same pieces in the same order, made in a second thread, at most DEPTH of them waiting.

    Two stages of one-thread networks then share two cores, and every sum stays what it was. An error in making a piece
    is raised where the piece is read; when the reader stops early, so does the thread.
    """
    waiting: Queue[tuple[bool, T | BaseException | None]] = Queue(DEPTH)
    stopped = Event()

    def make() -> None:
        try:
            for piece in pieces:
                waiting.put((True, piece))
                if stopped.is_set():
                    return
            waiting.put((False, None))
        except BaseException as error:  # noqa: BLE001 whatever it is, it belongs to the reader
            waiting.put((False, error))

    maker = Thread(target=make, daemon=True)
    maker.start()
    try:
        while True:
            more, piece = waiting.get()
            if not more:
                break
            yield piece
    finally:
        stopped.set()
        while maker.is_alive():
            while not waiting.empty():
                waiting.get_nowait()
            maker.join(0.01)
    if piece is not None:
        raise piece
