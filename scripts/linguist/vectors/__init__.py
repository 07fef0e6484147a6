"""Vectors of tokens in the hidden layers of a model, and the distances between them."""
