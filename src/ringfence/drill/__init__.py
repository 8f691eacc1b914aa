"""A world with known truth: a synthetic city, an outbreak in it, what a department would see of it, and a score."""
