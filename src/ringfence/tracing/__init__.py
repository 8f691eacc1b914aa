"""The visit store and the contact searches over it. Useful alone: no Django, no database, no clock."""
