"""Curve files: one module a format; rig.clip_file picks among them. Every reader goes by names, never by position."""
