"""The dashboard: a web page served by a program that is itself only an MQTT subscriber.

It knows nothing of the station but its messages, so it runs beside it, on an office PC, or for a fleet.
"""
