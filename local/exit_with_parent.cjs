// Preloaded into Azurite: when the parent is gone (its end of stdin closed), ask for the ordinary, saving stop.
process.stdin.on("end", () => process.kill(process.pid, "SIGINT")).resume().unref();
