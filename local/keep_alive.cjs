// Preloaded into Azurite: it drops a connection that was idle for five seconds, where Azure waits for minutes.
// Its clients keep theirs for fifteen, and a request written just as one is dropped is lost.
const server = require("node:net").Server.prototype;
const listen = server.listen;
server.listen = function (...at) {
  this.keepAliveTimeout = 30_000; // milliseconds; Azurite's own --tableKeepAliveTimeout changes nothing
  return listen.apply(this, at);
};
