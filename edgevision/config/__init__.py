"""Settings of a station, and reading settings and recipes from YAML with errors that name the line."""
