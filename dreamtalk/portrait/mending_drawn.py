"""Drawn and painted portraits for the generator: the picture is the target, a picture made from it the source.

Geometry opens or shuts mouth and eyes of a portrait; from that picture the way back is known exactly, and its end is
the artist's own work.
"""

from dataclasses import replace

import numpy as np

from dreamtalk.portrait.mending_record import PairCollector, PortraitPairs
from dreamtalk.portrait.mending_rendered import target_weights
from dreamtalk.portrait.portrait import Portrait
from renderer.rig_guided import rig_guided_frame
from rig.arkit import INDEX, NAMES
from rig.head_turn import HeadTurn
from rig.portrait.portrait_motion import PortraitMotion

MOVES = 8
_UNMOVED = [INDEX[name] for name in NAMES if name.startswith(("eyeLook", "eyeWide", "cheekPuff", "tongue"))]


def drawn_pairs(portrait: Portrait, rng: np.random.Generator) -> PortraitPairs | None:
    """One portrait, moved in some way and back again: the windows of the way back."""
    fit = portrait.fit
    still_turn = HeadTurn.of_angles(np.zeros(3), fit.rig.neck_pivot)
    with PortraitMotion(fit, portrait.picture, portrait.person) as motion:
        weights = away_weights(rng, fit.expression)
        away = motion.expressed(weights)
        moved = motion.maps(weights, np.zeros(3), np.zeros((2, 3)))
        picture = rig_guided_frame(portrait.picture, moved.flow, moved.paint)
    marks = fit.pose.to_pixels(fit.pose.to_camera(fit.correspondence.positions(away)))
    landmarks = np.concatenate([marks, fit.landmarks[len(marks) :]]).astype(np.float32)
    fit = replace(fit, vertices=away, expression=weights, landmarks=landmarks)
    collector = PairCollector(fit, picture)
    with PortraitMotion(fit, picture, portrait.person) as motion:
        maps = motion.maps_to(portrait.fit.vertices, still_turn, portrait.fit.expression, np.zeros((2, 3)))
        collector.add(maps, portrait.picture)
    return collector.pairs()


def away_weights(rng: np.random.Generator, own: np.ndarray) -> np.ndarray:
    """An expression that differs from the portrait's own (52,): mouth open or shut, lids lowered."""
    weights = target_weights(rng, 2 if own[INDEX["jawOpen"]] > 0.05 else int(rng.integers(1, 6)))
    weights[_UNMOVED] = 0.0
    lids = rng.uniform(0.2, 0.75)
    weights[[INDEX["eyeBlinkLeft"], INDEX["eyeBlinkRight"]]] = lids
    return weights
