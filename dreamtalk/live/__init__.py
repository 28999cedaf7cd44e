"""Sending faces to engines and VTuber apps while they move, and recording what a phone sends."""
