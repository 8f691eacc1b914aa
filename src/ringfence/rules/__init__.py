"""Rules: what a disease's rule pack makes of facts. Pure; explained; readable by a health officer."""
