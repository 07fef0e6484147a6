"""Models: pretraining, fine-tuning and scoring."""
