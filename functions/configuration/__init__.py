"""Configuration: one versioned YAML document that says what the service does for whom."""
