"""Evidence: the images kept for inspections that matter, within a byte budget, and small previews.

`plan` says what is kept and under which name, `render` makes the files, `store` keeps within the
budget, `folder` is the disk, `keeper` does it all beside the inspection path; `preview` is for
people who watch.
"""
