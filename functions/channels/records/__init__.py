"""Business records as a channel: a row that changes in another system becomes, or ends, somebody's work."""
