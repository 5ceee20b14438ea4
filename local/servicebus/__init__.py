"""A Service Bus emulator that the unmodified Azure SDKs talk to over AMQP, durable on SQLite.

`config` reads the official emulator's Config.json; `engine`, `queue`, `keeper`, `sessions` and `store`
are the broker without a wire; `peer`, `intake`, `outlet`, `cbs` and `management` put it on AMQP 1.0 with
Qpid Proton; `launch` starts it as a child process. It is for development, not for production.
"""
