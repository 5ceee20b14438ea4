"""The local platform: functions host, Service Bus emulator, Azurite, provider simulators, command line."""
