"""Itineraries from text: Chinese case bulletins in, proposed visits out, each with the words it came from.

Pure functions over one text at a time; the rules stand in `words.toml` and `names.toml`. What is proposed and what is
only marked is decided by `measured.toml`, the precision of each field on labelled reports.
"""
