"""Heads of other makers: read, fitted to the 52 shapes, posed and drawn."""
