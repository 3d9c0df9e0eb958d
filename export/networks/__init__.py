"""The networks that `export` trains, and the form in which they are deployed."""
