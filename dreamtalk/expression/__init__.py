"""Everything in a talking face that is not speech: emotions, styles, lids, gaze, head."""
