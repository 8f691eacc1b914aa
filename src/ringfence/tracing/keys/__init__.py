"""Given ids and the numbers a store knows them by, in a directory apart from every store."""

from ringfence.tracing.keys.keymap import KeyMap as KeyMap
