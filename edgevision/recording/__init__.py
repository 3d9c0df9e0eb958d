"""Recording: the frames that a station inspects, kept losslessly to be inspected once more.

`recorder` takes them beside the inspection path and within its bounds, `folder` writes them;
the format is `edgevision.session`.
"""
