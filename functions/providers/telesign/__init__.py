"""TeleSign's callbacks and status codes."""
