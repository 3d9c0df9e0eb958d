"""The journal of inspections on the station's disk, which is also the outbox for MQTT."""
