"""How good motion is: measured against captures, against phone times, and beside simple baselines."""

from dreamtalk.evaluation.baselines import LoudnessGate, MeanCurve
from dreamtalk.evaluation.motion_score import MotionScore, score

__all__ = ["LoudnessGate", "MeanCurve", "MotionScore", "score"]
