"""Reports as HTML pages: one file each, nothing loaded from elsewhere, no script. Pure text functions.

`replayed` and `compared` are the pages; `page`, `charts` and `gallery` what they are made of.
"""
