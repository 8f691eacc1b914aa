"""Encounter lists and named contacts as evidence beside visits."""
