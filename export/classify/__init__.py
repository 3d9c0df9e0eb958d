"""Classifiers: which of a closed set of classes a picture shows.

Data, training, calibration, the gate's subject.
"""
