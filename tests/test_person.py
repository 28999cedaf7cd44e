"""Other people made of the packed head: age, sex, build, ancestry and shape sliders."""

import numpy as np
import pytest

from rig.arkit import INDEX
from rig.errors import RigError
from rig.face_rig import FaceRig
from rig.person import PRESETS, Person, slider_names


@pytest.fixture(scope="module")
def rig() -> FaceRig:
    return FaceRig.load()


def lid_gap_mm(rig: FaceRig, weights: np.ndarray) -> float:
    """Largest height of the left eye's upper rim over its lower one, away from the corners; below 0 they overlap."""
    rest, posed = (points[rig.loops["lids_left"]] for points in (rig.neutral, rig.vertices(weights)))
    first, last = sorted((int(rest[:, 0].argmin()), int(rest[:, 0].argmax())))
    arcs = [np.arange(first, last + 1), np.r_[last : len(rest), 0 : first + 1]]
    upper, lower = sorted(arcs, key=lambda arc: -rest[arc, 1].mean())
    across = np.linspace(posed[:, 0].min() + 0.006, posed[:, 0].max() - 0.006, 9)
    heights = [np.interp(across, *posed[arc][np.argsort(posed[arc, 0])][:, :2].T) for arc in (upper, lower)]
    return float(np.max(heights[0] - heights[1])) * 1000


def width(rig: FaceRig, loop: str) -> float:
    return float(np.ptp(rig.neutral[rig.loops[loop], 0]))


def test_the_average_person_is_the_packed_head(rig: FaceRig) -> None:
    np.testing.assert_allclose(rig.as_person(Person()).neutral, rig.neutral, atol=3e-5)


@pytest.mark.parametrize("preset", PRESETS)
def test_every_preset_is_a_whole_symmetric_head_whose_eyes_close(rig: FaceRig, preset: str) -> None:
    head = rig.as_person(Person.parse(preset))
    moved = np.linalg.norm(head.neutral - rig.neutral, axis=1)[rig.regions["head"]].max()
    assert 0.003 < moved < 0.05
    np.testing.assert_allclose(head.neutral[rig.mirror] * [-1, 1, 1], head.neutral, atol=6e-4)
    blink = np.zeros(52)
    blink[[INDEX["eyeBlinkLeft"], INDEX["eyeBlinkRight"]]] = 1
    assert lid_gap_mm(head, blink) < 2.0 < 3.0 < lid_gap_mm(head, np.zeros(52))
    np.testing.assert_allclose(head.eye_pivots.mean(axis=0), 0, atol=3e-4)


@pytest.mark.parametrize("name", slider_names())
def test_every_slider_moves_the_head_and_its_ends_differ(rig: FaceRig, name: str) -> None:
    low, high = (Person(sliders={name: value}).displacement() for value in (-1.0, 1.0))
    assert np.abs(low - high)[rig.regions["head"]].max() > 0.0015


def test_sliders_do_what_they_say(rig: FaceRig) -> None:
    def head(text: str) -> FaceRig:
        return rig.as_person(Person.parse(text))

    assert width(head("mouth_width=1"), "lips_outer") > 1.1 * width(head("mouth_width=-1"), "lips_outer")
    assert width(head("eye_size=1"), "lids_left") > width(head("eye_size=-1"), "lids_left")
    half = Person(sliders={"nose_width": 0.5}).displacement() - Person().displacement()
    whole = Person(sliders={"nose_width": 1.0}).displacement() - Person().displacement()
    np.testing.assert_allclose(2 * half, whole, atol=1e-6)


def test_parsing_takes_presets_numbers_and_the_last_word() -> None:
    person = Person.parse("Elderly man, weight=-0.5, asian=1, Nose-Width = .25, age=70")
    assert (person.age, person.sex, person.weight, dict(person.sliders)) == (70, 1, -0.5, {"nose_width": 0.25})
    assert (person.african, person.asian, person.european) == (0, 1, 0)
    assert Person.parse("") == Person()


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("age=5", "age of a person is 5"), ("sex=nan", "sex"), ("nose=1", "'nose'"), ("elf", "'elf' is no preset"),
        ("nose_width=", "nose_width has no number"), ("nose_width=2", "-1 to 1"), ("asian=0", "no ancestry"),
    ],
)  # fmt: skip
def test_people_that_cannot_be(text: str, word: str) -> None:
    with pytest.raises(RigError, match=word) as caught:
        Person.parse(text)
    assert "\n" not in str(caught.value)
