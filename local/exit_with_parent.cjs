// Preloaded into Azurite: when the parent is gone (its end of stdin closed), ask for the ordinary, saving stop.
// Its farewell then goes to nobody: without a listener it would end with a stack trace in the user's terminal.
process.stdout.on("error", () => {});
process.stdin.on("end", () => process.kill(process.pid, "SIGINT")).resume().unref();
