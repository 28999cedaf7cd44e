"""Speech with mouth curves or phone times to learn from: readers, the prepared format, synthetic speech."""

from dreamtalk.corpus.split import HELD_OUT_FACEGOOD, Corpus, is_held_out, read_corpus

__all__ = ["HELD_OUT_FACEGOOD", "Corpus", "is_held_out", "read_corpus"]
