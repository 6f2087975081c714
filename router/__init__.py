"""The routing engine's door: what a screen or a program may import of it.

Wiring is not here, so that importing this package loads no adapter, no SDK and no screen.
"""
