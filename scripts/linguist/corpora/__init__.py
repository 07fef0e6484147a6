"""Text for pretraining: documents, segments of a genome, and their mixture."""
