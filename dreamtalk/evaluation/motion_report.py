"""Every system on every corpus of a data folder: the rows of the motion table."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from dreamtalk.errors import OptionError
from dreamtalk.evaluation.excerpts import beginning, spread
from dreamtalk.evaluation.motion_score import MotionScore, System, score, system_gain
from dreamtalk.evaluation.systems import LOUDNESS, MEAN, TRUTH, Maker
from dreamtalk.training.training_clip import Recording
from rig.clip import BlendshapeClip
from rig.face_rig import FaceRig

MADE_TARGETS = "made targets"
"""What the truth's row is called where nobody was captured: the curves that training makes of the phones."""
DEVELOPMENT_CLIPS, DEVELOPMENT_S = 20, 15.0
"""So many training recordings of each corpus, and so much of each, fit the gain of a system."""

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class MotionRow:
    """One system on one corpus, or on one language of it. group: "grid_s1", or "speech/de" where there are several."""

    group: str
    system: str
    score: MotionScore


def motion_report(
    training: Sequence[Recording],
    validation: Sequence[Recording],
    systems: Mapping[str, Maker],
    progress: Progress | None = None,
) -> Iterator[MotionRow]:
    """Score each system on each group of the validation recordings, row by row.

    training: fits baselines (on the group's own corpus, or on all where it has no captured recordings) and gains, and
    nothing else. Where a group was not captured, the truth's row shows the curves that training makes of the phones.
    """
    rig, tested = FaceRig.load(), grouped(validation)
    counter = _Counter(progress, len(systems) * (len(validation) + len(development_clips(training))))
    gains: dict[str, float] = {}
    for group, recordings in tested.items():
        for name, maker in systems.items():
            system = _system_for(name, maker, training, recordings)
            if system is None:
                counter.skip(len(recordings))
                continue
            if name not in gains:
                gains[name] = _gain(name, maker, training, rig, counter)
            gain = gains[name] if recordings[0].captured.any() else float("nan")
            label = name if name != TRUTH or recordings[0].captured.any() else MADE_TARGETS
            yield MotionRow(group, label, score(counter.counted(system), recordings, rig, gain))


def chosen(
    recordings: Sequence[Recording], corpora: Sequence[str] | None = None, limit: int | None = None
) -> list[Recording]:
    """The recordings of the given corpora, at most `limit` of each group, evenly spread over it.

    Raises OptionError for a corpus that holds none, or where nothing is left.
    """
    known = sorted({each.corpus for each in recordings})
    for name in corpora or ():
        if name not in known:
            raise OptionError(f"The data holds no test recordings of {name!r}; it has {', '.join(known) or 'none'}.")
    kept = [each for each in recordings if not corpora or each.corpus in corpora]
    if not kept:
        raise OptionError("The data holds no test recordings: nothing in it is set aside for validation.")
    return [each for group in grouped(kept).values() for each in spread(group, limit)]


def grouped(recordings: Sequence[Recording]) -> dict[str, list[Recording]]:
    """Recordings by corpus and, in a corpus of several languages, by language."""
    languages: dict[str, set[str]] = {}
    for each in recordings:
        languages.setdefault(each.corpus, set()).add(each.language)
    groups: dict[str, list[Recording]] = {}
    for each in recordings:
        name = each.corpus if len(languages[each.corpus]) == 1 else f"{each.corpus}/{each.language}"
        groups.setdefault(name, []).append(each)
    return dict(sorted(groups.items()))


def development_clips(training: Sequence[Recording]) -> list[Recording]:
    """What gains are fitted on: the beginnings of some captured training recordings of each corpus."""
    captured = [each for each in training if each.captured.any()]
    corpora = sorted({each.corpus for each in captured})
    picked = [spread([each for each in captured if each.corpus == name], DEVELOPMENT_CLIPS) for name in corpora]
    return [beginning(each, DEVELOPMENT_S) for group in picked for each in group]


def _system_for(
    name: str, maker: Maker, training: Sequence[Recording], recordings: Sequence[Recording]
) -> System | None:
    """The system fitted for these recordings, None where it has nothing to show on them."""
    own = _fitting_recordings(training, recordings[0].corpus)
    shows_nothing = name == TRUTH and not any(each.weights.any() for each in recordings)
    return None if shows_nothing or (name in (MEAN, LOUDNESS) and not own) else maker(own)


def _fitting_recordings(training: Sequence[Recording], corpus: str) -> list[Recording]:
    captured = [each for each in training if each.captured.any()]
    return [each for each in captured if each.corpus == corpus] or captured


def _gain(name: str, maker: Maker, training: Sequence[Recording], rig: FaceRig, counter: "_Counter") -> float:
    """One gain for all corpora; a baseline is fitted to each of them on its own, as it is for the test."""
    clips = development_clips(training)

    def animate(recording: Recording) -> BlendshapeClip:
        return fitted[recording.corpus](recording)

    fitted = {corpus: maker(_fitting_recordings(training, corpus)) for corpus in {each.corpus for each in clips}}
    return system_gain(counter.counted(animate), clips, rig)


class _Counter:
    """Counts the clips that are made, for a progress bar."""

    def __init__(self, progress: Progress | None, total: int) -> None:
        self._progress, self._total, self._done = progress, total, 0

    def counted(self, system: System) -> System:
        """The same system, one step a clip."""

        def animate(recording: Recording) -> BlendshapeClip:
            clip = system(recording)
            self.skip(1)
            return clip

        return animate

    def skip(self, count: int) -> None:
        self._done += count
        if self._progress:
            self._progress(self._done, self._total)
