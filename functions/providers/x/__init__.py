"""X's events, messages, media and signed calls."""
