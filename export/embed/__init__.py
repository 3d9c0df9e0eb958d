"""Embedders: networks that tell by one vector which one a picture shows.

Training, figures, the gate's subject.
"""
