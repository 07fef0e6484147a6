"""The configuration: completing and checking it, and what it asks for."""
