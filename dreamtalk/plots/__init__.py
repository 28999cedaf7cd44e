"""Curves on paper: panels over one time axis, as picture, vector drawing or page for the browser."""
