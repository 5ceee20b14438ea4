"""Text messages, by provider."""
