"""The head fitted to a portrait, and what moves its pixels: motion, lids, lips, folds, skin and glasses."""
