"""A synthetic Huzhou: real names and outline, invented people, places and days."""

from ringfence.drill.city.reading import City, open_city

__all__ = ["City", "open_city"]
