"""What every use of MediaPipe needs: quiet, no TensorFlow, and pictures in its own class."""

import contextlib
import os
import sys
from collections.abc import Iterator
from typing import Any

import numpy as np


@contextlib.contextmanager
def quiet_native_code() -> Iterator[None]:
    """Send file descriptor 2 to nowhere for a moment: MediaPipe's C++ logs cannot be turned off in any other way."""
    sys.stderr.flush()
    try:
        kept = os.dup(2)
    except OSError:  # no stderr at all, as in a windowed program
        yield
        return
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)


@contextlib.contextmanager
def without_tensorflow() -> Iterator[None]:
    """Keep MediaPipe from importing TensorFlow for its documentation decorators.

    That takes seconds, and TensorFlow's own copy of LLVM crashes Mesa's OpenGL in the same process.
    """
    if "tensorflow" in sys.modules:
        yield
        return
    sys.modules["tensorflow"] = None  # type: ignore[assignment]  # what makes `import tensorflow` fail
    try:
        yield
    finally:
        del sys.modules["tensorflow"]


def media_image(mediapipe: Any, picture: np.ndarray) -> Any:
    """(H, W, 3) uint8 RGB as MediaPipe's own picture."""
    return mediapipe.Image(image_format=mediapipe.ImageFormat.SRGB, data=np.ascontiguousarray(picture))
