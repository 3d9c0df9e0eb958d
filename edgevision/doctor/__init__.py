"""The doctor: why a station does not work, in one line each, with a remedy.

`examine` runs all checks; each of the others looks at one thing. Nothing is changed, and a station
that runs meanwhile is not disturbed, but for its camera, which most drivers give to one program only.
"""
