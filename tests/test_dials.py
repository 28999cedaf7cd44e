"""Dials and adjustments of single shapes: nothing at 1, more with more, and lips that stay shut."""

import re
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from apps.cli import main
from dreamtalk.errors import OptionError
from dreamtalk.expression.dialled import dialled
from dreamtalk.expression.dials import Dials
from dreamtalk.shape_file import read_shapes, write_shapes_template
from rig.arkit import GROUPS, INDEX, MOUTH, NAMES, indices
from rig.errors import RigError
from rig.lip_gap import APERTURE_MM
from rig.shape_adjustments import ShapeAdjustment, ShapeAdjustments

GAP_MM = np.array([APERTURE_MM.get(name, 0.0) for name in NAMES])
JAW, CLOSE = INDEX["jawOpen"], INDEX["mouthClose"]
EYES = [INDEX[name] for name in NAMES if name.startswith(("eyeBlink", "eyeLook"))]


@st.composite
def faces(draw) -> np.ndarray:
    weights = draw(arrays(np.float32, (6, 52), elements=st.floats(0.0, 1.0, width=32)))
    weights[:, CLOSE] = np.minimum(weights[:, CLOSE], weights[:, JAW])
    return weights


@st.composite
def talking(draw) -> np.ndarray:
    """Faces as speech makes them: nothing at its limit."""
    return draw(faces()) * np.float32(0.45)


dial = st.floats(0.0, 2.0)


@given(faces(), dial, dial, dial)
@settings(max_examples=60, deadline=None)
def test_dials_at_one_change_nothing(weights, head, blink, gaze):
    assert dialled(weights, Dials(head=head, blink=blink, gaze=gaze)) is weights


@given(faces(), dial, dial, dial)
@settings(max_examples=150, deadline=None)
def test_a_turned_face_is_lawful(weights, mouth, brows, strength):
    before = weights.copy()
    turned = dialled(weights, Dials(mouth=mouth, brows=brows, strength=strength))
    assert turned.dtype == np.float32 and np.array_equal(weights, before)
    assert turned.min() >= 0.0 and turned.max() <= 1.0
    assert (turned[:, CLOSE] <= turned[:, JAW] + 1e-6).all()
    assert np.array_equal(turned[:, EYES], weights[:, EYES])


@given(talking(), dial, dial)
@settings(max_examples=150, deadline=None)
def test_shut_lips_stay_shut_and_open_ones_open_as_far_as_asked(weights, mouth, strength):
    gap = weights.astype(np.float64) @ GAP_MM
    turned = dialled(weights, Dials(mouth=mouth, strength=strength)).astype(np.float64) @ GAP_MM
    assert (turned[gap <= 0] <= 0.05).all()
    assert (turned[gap > 0] <= mouth * strength * gap[gap > 0] + 0.05).all()


@given(talking(), dial, dial)
@settings(max_examples=150, deadline=None)
def test_the_mouth_opens_further_with_its_dial(weights, one, other):
    less, more = (dialled(weights, Dials(mouth=mouth)).astype(np.float64) @ GAP_MM for mouth in sorted((one, other)))
    assert (less <= more + 0.05).all()


@given(faces(), dial, dial)
@settings(max_examples=100, deadline=None)
def test_brows_and_face_rise_with_their_dials(weights, one, other):
    low, high = sorted((one, other))
    brows, cheeks = indices(*GROUPS["brows"]), indices(*GROUPS["cheeks"])
    assert (dialled(weights, Dials(brows=low))[:, brows] <= dialled(weights, Dials(brows=high))[:, brows]).all()
    assert (dialled(weights, Dials(strength=low))[:, cheeks] <= dialled(weights, Dials(strength=high))[:, cheeks]).all()


def test_zero_is_none():
    weights = np.full((3, 52), 0.4, np.float32)
    weights[:, CLOSE] = 0.1
    nothing = dialled(weights, Dials(strength=0.0))
    assert not nothing[:, np.setdiff1d(np.arange(52), EYES)].any()
    assert (dialled(weights, Dials(mouth=0.0)).astype(np.float64) @ GAP_MM < 0.05).all()


@pytest.mark.parametrize("name", ["head", "blink", "gaze", "mouth", "brows", "strength"])
@pytest.mark.parametrize("value", [-0.1, 2.1, float("nan"), float("inf")])
def test_dials_out_of_range(name, value):
    with pytest.raises(OptionError, match=f"dial {name} is .*; give 0"):
        Dials(**{name: value})


# Single shapes


@given(faces())
@settings(max_examples=40, deadline=None)
def test_an_adjustment_of_nothing_changes_nothing(weights):
    assert ShapeAdjustments().applied(weights) is weights
    plain = ShapeAdjustments(tuple(ShapeAdjustment(name) for name in NAMES))
    assert plain.applied(weights).tobytes() == weights.tobytes()


@given(faces(), st.floats(0, 10), st.floats(-1, 1), st.floats(0, 1), st.floats(0, 1))
@settings(max_examples=80, deadline=None)
def test_an_adjusted_shape_keeps_its_limits_and_the_others_stay(weights, gain, offset, one, other):
    low, high = sorted((one, other))
    adjusted = ShapeAdjustments((ShapeAdjustment("mouthsmile", gain, offset, low, high),)).applied(weights)
    both = list(indices("mouthSmileLeft", "mouthSmileRight"))
    assert adjusted[:, both].min() >= np.float32(low) and adjusted[:, both].max() <= np.float32(high)
    others = np.setdiff1d(np.arange(52), both)
    assert np.array_equal(adjusted[:, others], weights[:, others])


def test_gain_and_offset():
    weights = np.full((2, 52), 0.4, np.float32)
    rows = (ShapeAdjustment("jawOpen", gain=0.5), ShapeAdjustment("MouthClose", offset=0.3))
    adjusted = ShapeAdjustments(rows).applied(weights)
    assert adjusted[0, JAW] == pytest.approx(0.2) and adjusted[0, CLOSE] == pytest.approx(0.2)


@pytest.mark.parametrize(
    ("row", "part"),
    [
        ({"shape": "jawOpne"}, "not an ARKit shape"), ({"shape": "mouth"}, "not an ARKit shape"),
        ({"shape": "jawOpen", "gain": -1}, "gain of jawOpen"), ({"shape": "jawOpen", "offset": 2}, "offset"),
        ({"shape": "jawOpen", "low": float("nan")}, "low"), ({"shape": "jawOpen", "low": 0.6, "high": 0.4}, "above"),
    ],
)  # fmt: skip
def test_odd_adjustments(row, part):
    with pytest.raises(RigError, match=part):
        ShapeAdjustment(**row)


def test_a_shape_is_adjusted_once():
    with pytest.raises(RigError, match="mouthSmileLeft is adjusted twice"):
        ShapeAdjustments((ShapeAdjustment("mouthSmile"), ShapeAdjustment("mouthSmileLeft")))


@pytest.mark.parametrize("name", ["shapes.csv", "shapes.json"])
def test_the_template_reads_and_changes_nothing(name: str, tmp_path: Path, capsys) -> None:
    assert main(["shapes", "-o", str(tmp_path / name)]) == 0
    found = read_shapes(tmp_path / name)
    assert [row.shape for row in found.rows] == list(NAMES) and set(found.rows) == {
        ShapeAdjustment(shape) for shape in NAMES
    }


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.csv", "shape,gain,offset,low,high\njawOpen,1.2,,,\nmouthSmile,,0.05,,0.8\n"),
        ("b.csv", "Shape , high,offset,gain\njawOpen,,,1.2\nmouthSmile,0.8,0.05\n"),
        ("c.json", '{"jawOpen": {"gain": 1.2}, "mouthSmile": {"offset": 0.05, "high": "0.8"}}'),
    ],
)
def test_shape_files(name: str, content: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text(content)
    wanted = (ShapeAdjustment("jawOpen", gain=1.2), ShapeAdjustment("mouthSmile", offset=0.05, high=0.8))
    assert read_shapes(tmp_path / name).rows == wanted


@pytest.mark.parametrize(
    ("name", "content", "part"),
    [
        ("gone.csv", None, "no file"), ("a.txt", "jawOpen", ".csv or .json"), ("a.csv", "", "is empty"),
        ("a.csv", "shape,gian\njawOpen,1\n", "gian"), ("a.csv", "shape,gain\njawOpen,much\n", "gain of jawOpen"),
        ("a.csv", "shape,gain\n,1\n", "without a shape"), ("a.csv", "shape,gain\njawOpne,1\n", "jawOpne"),
        ("a.json", "[]", "no table"), ("a.json", '{"jawOpen": 2}', "no table"), ("a.json", "{", "not JSON"),
        ("a.json", '{"jawOpen": {"gian": 2}}', "gian"), ("a.json", '{"jawOpen": {"gain": null}}', "number"),
    ],
)  # fmt: skip
def test_files_that_hold_no_shapes(name: str, content: str | None, part: str, tmp_path: Path) -> None:
    if content is not None:
        (tmp_path / name).write_text(content)
    with pytest.raises((OptionError, RigError), match=re.escape(part)) as refused:
        read_shapes(tmp_path / name)
    assert str(refused.value).endswith(".") and "\n" not in str(refused.value)


def test_a_template_has_a_format() -> None:
    with pytest.raises(OptionError, match="shapes.txt"):
        write_shapes_template("shapes.txt")


def test_mouth_is_all_that_may_move_the_lips() -> None:
    assert {NAMES[column] for column in np.flatnonzero(GAP_MM)} <= {NAMES[column] for column in MOUTH}
