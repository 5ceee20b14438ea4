"""The embedded platform for development: functions host, Service Bus emulator, Azurite, provider simulators."""
