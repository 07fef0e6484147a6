"""What several tests share, beside the fixtures of conftest.py."""
