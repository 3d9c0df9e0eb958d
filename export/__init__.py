"""The workstation half: trains networks and turns them into the sealed int8 bundles of the device."""
