"""WeChat's envelopes, messages, media and answers."""
