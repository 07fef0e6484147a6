"""A preview of a run: its jobs, and what they say of the hours, GPU memory and disk of the whole run."""
