"""Adapters of `ports.Task`: one module for each kind of task."""
