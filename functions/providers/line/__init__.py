"""LINE's events, media and messages."""
