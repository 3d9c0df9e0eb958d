"""MQTT: a client that looks after its connection, the publisher of results, the demo's broker."""
