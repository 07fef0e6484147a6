"""Tokenizers: training, encoding and the content of a vocabulary."""
