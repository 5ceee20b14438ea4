// Follows a conversation with an EventSource, reconnecting as it does, and prints each event as a line of JSON.
import { EventSource } from "eventsource";

const { URL: address, TOKEN: token } = process.env;
const authorised = (input, init) =>
  fetch(input, { ...init, headers: { ...init.headers, Authorization: `Bearer ${token}` } });
const source = new EventSource(address, { fetch: authorised });
source.onmessage = ({ data, lastEventId }) =>
  console.log(JSON.stringify({ id: lastEventId, ...JSON.parse(data) }));
source.onerror = ({ code }) => {
  if (code && code >= 400) process.exit(1);
};
