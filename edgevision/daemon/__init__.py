"""The daemon: one station from start to stop.

`run` composes and supervises it, `records` counts per camera, `watch` turns what happens
into alarms and the machine state, `voice` says it to the broker.
"""
