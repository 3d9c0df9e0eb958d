"""Where triggers come from besides MQTT: HTTP on the loopback interface, GPIO lines, the clock."""
