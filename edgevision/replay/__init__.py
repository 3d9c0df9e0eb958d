"""Replay: the station's own inspector on recordings, every frame, in order, reproducibly.

`play` runs it, `outputs` writes what comes out. It publishes nothing.
"""
