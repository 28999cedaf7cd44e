"""Articulation: phones to mouths, the lip refiner, lips that meet."""
