"""Plain types that cross rooms: moments, refusals, kinds of place, sentences. Pure; imports no room of ours."""
