"""From the raw answer of a detector to candidate boxes: one module for each layout of answers.

Candidates are chosen by score before any box is decoded, because nearly all of the thousands of
rows of an answer show nothing. Doubles are still among them; `ops.boxes.suppress` drops those.
"""
