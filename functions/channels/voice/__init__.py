"""Phone calls, by provider: what an account is; how calls go is in `functions.voice`."""
