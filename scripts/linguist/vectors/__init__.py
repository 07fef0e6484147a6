"""Token vectors and the distances between them."""
