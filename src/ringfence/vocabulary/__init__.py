"""Plain types that cross rooms: moments, refusals, kinds of place, sentences. Pure; no room of ours is imported here."""
