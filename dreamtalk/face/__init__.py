"""Faces seen in pictures and video: landmarks, following, curves of a real face."""
