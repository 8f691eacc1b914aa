"""What can be practised with: a synthetic city, an outbreak whose truth is known, what is seen of it, and a score."""
