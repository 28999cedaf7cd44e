"""Training of every network, from recordings to weight folders with their cards."""
