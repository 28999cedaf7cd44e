"""Rig profiles: what is written is read, gain and correctives do what they say, and odd files are refused."""

import re
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from made_heads import same_names, weights_of, write_head

from rig.arkit import INDEX
from rig.errors import RigError
from rig.face_rig import FaceRig
from rig.foreign.rig_profile import AS_IT_COMES, Corrective, RigProfile, read_rig_profile, write_profile_template
from rig.shape_adjustments import ShapeAdjustment, ShapeAdjustments

JAW, CLOSE, SMILE = (INDEX[name] for name in ("jawOpen", "mouthClose", "mouthSmileLeft"))
PROFILE = """
[shapes.jawOpen]
gain = 0.5
[shapes.mouthSmile]
offset = 0.1
high = 0.8
[[correctives]]
when = ["jawOpen", "mouthSmileLeft"]
add = "mouthClose"
amount = 0.5
[[correctives]]
when = ["jawOpen", "mouthSmileLeft"]
add = "PuffOut"
amount = -1
"""


def test_a_profile_says_gain_offset_limits_and_correctives(tmp_path: Path) -> None:
    (tmp_path / "my.toml").write_text(PROFILE)
    profile = read_rig_profile(tmp_path / "my.toml")
    adjusted, own = profile.applied(weights_of(jawOpen=0.8, mouthSmileLeft=0.9))
    assert adjusted[JAW] == pytest.approx(0.4) and adjusted[SMILE] == pytest.approx(0.8)
    assert adjusted[INDEX["mouthSmileRight"]] == pytest.approx(0.1)
    assert adjusted[CLOSE] == pytest.approx(0.5 * 0.4 * 0.8)
    assert own == {"PuffOut": pytest.approx(-0.32)}


@given(arrays(np.float32, 52, elements=st.floats(0, 1, width=32)), st.floats(-2, 2), st.floats(0, 10))
@settings(max_examples=60, deadline=None)
def test_adjusted_weights_stay_weights(weights: np.ndarray, amount: float, gain: float) -> None:
    corrective = Corrective(("jawOpen", "mouthSmileLeft"), "mouthClose", amount)
    profile = RigProfile(ShapeAdjustments((ShapeAdjustment("jawOpen", gain=gain),)), (corrective,))
    adjusted, _ = profile.applied(weights)
    assert adjusted.min() >= 0 and adjusted.max() <= 1 and adjusted[CLOSE] <= adjusted[JAW]
    others = [column for column in range(52) if column not in (JAW, CLOSE)]
    assert np.array_equal(adjusted[others], weights[others])


def test_the_template_reads_and_changes_nothing(tmp_path: Path) -> None:
    write_profile_template(tmp_path / "my.toml", ("jawOpen", "mouthClose"))
    profile = read_rig_profile(tmp_path / "my.toml")
    assert [row.shape for row in profile.adjustments.rows] == ["jawOpen", "mouthClose"] and not profile.correctives
    weights = weights_of(jawOpen=0.7, mouthClose=0.2)
    assert np.array_equal(profile.applied(weights)[0], AS_IT_COMES.applied(weights)[0])
    text = (tmp_path / "my.toml").read_text()
    lines = [line.removeprefix("# ") for line in text.splitlines() if line.startswith(("# when", "# add", "# amount"))]
    example = "\n".join(lines)
    (tmp_path / "example.toml").write_text("[[correctives]]\n" + example)
    assert read_rig_profile(tmp_path / "example.toml").correctives[0].add == "mouthClose"


def test_a_rig_goes_by_its_profile(tmp_path: Path) -> None:
    names = same_names("jawOpen", "mouthSmileLeft", "eyeBlinkLeft", "eyeBlinkRight") | {"PuffOut": "cheekPuff"}
    plain = FaceRig.from_gltf(write_head(tmp_path / "head.glb", names))
    (tmp_path / "my.toml").write_text(PROFILE)
    rig = plain.with_profile(read_rig_profile(tmp_path / "my.toml"))
    assert np.array_equal(rig.vertices(weights_of(jawOpen=0.8))[0], plain.vertices(weights_of(jawOpen=0.4))[0])
    both = rig.vertices(weights_of(jawOpen=1.0, mouthSmileLeft=0.7, mouthClose=0.0))
    puff = plain.own_morphs["PuffOut"]
    wanted = plain.vertices(weights_of(jawOpen=0.5, mouthSmileLeft=0.8, mouthClose=0.2))
    # The right smile is approximated by nothing here, so that its offset moves nothing.
    puff.add_to(wanted, -0.4)
    assert np.abs(both - wanted).max() < 1e-6
    strange = RigProfile(correctives=(Corrective(("jawOpen", "mouthLeft"), "Wings", 1.0),))
    with pytest.raises(RigError, match="'Wings', which is no morph of head.glb"):
        plain.with_profile(strange)


@pytest.mark.parametrize(
    ("name", "text", "part"),
    [
        ("gone.toml", None, "no file"), ("a.yaml", "a: 1", "give a .toml"), ("a.toml", "[shapes", "as TOML"),
        ("a.toml", "gain = 1", "has 'gain'"), ("a.toml", "shapes = 3", "no tables"),
        ("a.toml", "[shapes.jawOpne]\ngain = 1", "jawOpne"), ("a.toml", "[shapes.jawOpen]\ngian = 1", "gian"),
        ("a.toml", '[shapes.jawOpen]\ngain = "1"', "gain of jawOpen"), ("a.toml", "[shapes]\njawOpen = 1", "no tables"),
        ("a.toml", "[shapes.jawOpen]\ngain = nan", "gain of jawOpen"),
        ("a.toml", "[shapes.jawOpen]\n[shapes.jawopen]", "twice"), ("a.toml", "correctives = 1", "no tables"),
        ("a.toml", "[[correctives]]\nwhen = ['jawOpen']", "when, add and amount"),
        ("a.toml", "[[correctives]]\nwhen = ['jawOpen', 'Wing']\nadd = 'x'\namount = 1", "jawOpen, Wing"),
        ("a.toml", "[[correctives]]\nwhen = 'jawOpen'\nadd = 'x'\namount = 1", "needs when"),
        ("a.toml", "[[correctives]]\nwhen = ['jawOpen', 'jawLeft']\nadd = 'x'\namount = 9", "at most 2"),
        ("a.toml", "[[correctives]]\nwhen = ['jawOpen', 'jawLeft']\nadd = 'x'\namount = true", "give a number"),
        ("a.toml", "x = " + "[" * 5000, "as TOML"),
    ],
)  # fmt: skip
def test_files_that_are_no_profiles(tmp_path: Path, name: str, text: str | None, part: str) -> None:
    if text is not None:
        (tmp_path / name).write_text(text)
    with pytest.raises(RigError, match=re.escape(part)) as refused:
        read_rig_profile(tmp_path / name)
    assert str(refused.value).endswith(".") and "\n" not in str(refused.value)


@given(st.text(max_size=80))
@settings(max_examples=60, deadline=None)
def test_any_text_is_a_profile_or_refused(tmp_path_factory, text: str) -> None:
    path = tmp_path_factory.mktemp("fuzz") / "my.toml"
    path.write_text(text, encoding="utf-8", errors="ignore")
    try:
        read_rig_profile(path)
    except RigError as error:
        assert str(error).endswith(".")
