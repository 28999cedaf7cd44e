"""Every reader of curves meets damaged files: a clip or one sentence comes of each, and soon.

benchmarks/fuzz_readers.py runs many more.
"""

import numpy as np
import pytest
from file_mutations import SHAPES, mutated, small_clip, valid_file
from reading_trials import wrong_with_reading

from rig import INDEX
from rig.clip_file import FORMATS

INPUTS = 80
READABLE = [format for format in FORMATS if format.read]


@pytest.fixture(params=READABLE, ids=[format.suffix for format in READABLE])
def format(request):
    if request.param.name == "usd":
        pytest.importorskip("pxr")
    return request.param


def test_a_clip_or_one_sentence_comes_of_a_damaged_file(tmp_path, format):
    path = valid_file(format, tmp_path)
    data = path.read_bytes()
    assert wrong_with_reading(format, path) is None
    if format.name != "vrma-presets":  # presets hold other shapes than were written
        back, columns = format.read(path), [INDEX[name] for name in SHAPES]
        seen = np.ones(len(back), bool) if back.seen is None else back.seen
        np.testing.assert_allclose(back.weights[seen][:, columns], _expected(format.suffix, seen), atol=2e-3)
    wrong = {}
    for seed in range(INPUTS):
        path.write_bytes(mutated(data, np.random.default_rng(seed)))
        wrong[seed] = wrong_with_reading(format, path)
    assert {seed: what for seed, what in wrong.items() if what} == {}


def _expected(suffix: str, seen: np.ndarray) -> np.ndarray:
    """What the small clip holds in the frames that were seen; Azure's format resamples it to 60 frames a second."""
    clip = small_clip().resampled(60) if suffix == ".azure.json" else small_clip()
    return clip.weights[seen][:, [INDEX[name] for name in SHAPES]]


def test_mutations_are_the_same_for_the_same_seed(tmp_path):
    data = valid_file(next(format for format in READABLE if format.suffix == ".json"), tmp_path).read_bytes()
    first, again = (mutated(data, np.random.default_rng(5)) for _ in range(2))
    assert first == again != mutated(data, np.random.default_rng(6))


@pytest.mark.parametrize("content", [b"", b"\0", b"\n\n", b"{}", b"[]", b"\xef\xbb\xbf", b"PK\x03\x04", b"glTF"])
def test_files_with_next_to_nothing_in_them_are_refused(tmp_path, format, content):
    path = tmp_path / f"take{format.suffix}"
    path.write_bytes(content)
    clips: list = []
    assert wrong_with_reading(format, path, clips) is None and clips == []


def test_no_file_and_a_folder_are_refused(tmp_path, format):
    path = tmp_path / f"take{format.suffix}"
    assert wrong_with_reading(format, path) is None
    path.mkdir()
    assert wrong_with_reading(format, path) is None
