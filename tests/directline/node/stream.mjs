// The client over WebSocket, steered by lines of JSON on stdin: {"say": text} or {"end": true}.
// It prints what it sees, a line each.
import { createInterface } from 'node:readline';
import { domain, generate, page } from './client.mjs';

const user = process.env.USER_ID;
const tell = (what) => console.log(JSON.stringify(what));
const { token } = await generate({ user: { id: user } });
const timeout = Number(process.env.KEEP_ALIVE);
const client = new page.window.DirectLine.DirectLine({ domain, token, timeout, webSocket: true });

client.connectionStatus$.subscribe((status) => {
  tell({ status, conversation: client.conversationId, streamUrl: client.streamUrl });
});
client.activity$.subscribe((activity) => tell({ activity, streamUrl: client.streamUrl }));

function say(text) {
  const activity = { type: 'message', text, from: { id: user }, channelData: { clientActivityID: text } };
  client.postActivity(activity).subscribe((posted) => tell({ posted }), (error) => tell({ error: String(error) }));
}

for await (const line of createInterface({ input: process.stdin })) {
  const order = JSON.parse(line);
  if (order.end) process.exit(0);
  say(order.say);
}
