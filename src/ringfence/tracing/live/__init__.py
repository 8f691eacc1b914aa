"""Stores of real people in an outbreak: sealed place-days, opened inside a warrant, every opening counted."""
