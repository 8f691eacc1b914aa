"""Scarce things for duties: who is called first, what goes where. Pure: values in, values out."""
