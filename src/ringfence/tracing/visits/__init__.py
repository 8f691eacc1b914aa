"""The visit store: who was where and when, in numbers, on disk, searched in place."""
