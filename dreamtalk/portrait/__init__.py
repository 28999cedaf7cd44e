"""A portrait made to speak, and the pictures its networks learn from."""
