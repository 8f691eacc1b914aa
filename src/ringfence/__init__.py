"""Software for the local fight against an outbreak."""

__version__ = "0.1.0"
