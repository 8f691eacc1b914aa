"""Who infects whom: one engine that touches only the infected, and the slow reference that it must agree with."""
