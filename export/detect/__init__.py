"""Detection on the workstation: labelled boxes, priors, training and measuring of SSD networks."""
