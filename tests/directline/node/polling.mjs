// Scenarios of a client that polls; what was seen goes to standard output as JSON.
import { Client, conversationOf, desk, file, generate, until } from './client.mjs';

const ONLINE = 2;
const EXPIRED = 3;
const FAILED = 4;
const ENDED = 5;
const FILES = [
  { name: 'kuva.png', contentType: 'image/png', contentUrl: 'data:image/png;base64,iVBORw0KGgoAAAANSUhEUg==' },
  { name: 'ä b.txt', contentType: 'text/plain', contentUrl: 'data:text/plain;base64,aGVp' },
];

async function whole() {
  const user = 'dl_whole';
  const { token } = await generate({ user: { id: user }, locale: 'fi-FI' });
  const client = new Client({ token });
  await client.seen((one) => one.text === 'Hei!');
  const id = await client.post({ text: 'moi', channelData: { clientActivityID: 'c1', kept: true } });
  const echo = await client.seen((one) => one.text === 'moi');
  const conversation = await until('a conversation', () => conversationOf(user));
  await desk('POST', `conversations/${conversation.id}/messages`, { text: 'päivää' });
  const reply = await client.seen((one) => one.text === 'päivää');
  const uploaded = await client.post({ text: 'liitteet', attachments: FILES, channelData: { clientActivityID: 'c2' } });
  const echoed = await client.seen((one) => one.text === 'liitteet');
  const messages = (await desk('GET', `conversations/${conversation.id}/messages`)).items;
  const kept = messages.find((one) => one.text === 'liitteet');
  const place = `conversations/${conversation.id}/messages/${kept.id}/attachments`;
  const files = [];
  for (const [index, one] of kept.attachments.entries()) {
    const shown = await fetch(echoed.attachments[index].contentUrl);
    files.push({
      name: one.name,
      agent: await file(`${place}/${index}`),
      customer: Buffer.from(await shown.arrayBuffer()).toString('base64'),
      type: shown.headers.get('content-type'),
    });
  }
  await desk('POST', `conversations/${conversation.id}/end`, {});
  await client.seen((one) => one.type === 'endOfConversation');
  const refused = await client.post({ text: 'vielä' }).catch((error) => error.status);
  await desk('POST', `conversations/${conversation.id}/close`, {});
  await client.status(ENDED);
  return {
    user,
    same: [id === echo.id, uploaded === echoed.id],
    echo: { from: echo.from, channelData: echo.channelData },
    reply: reply.from,
    files,
    refused,
    statuses: client.statuses,
    texts: client.texts,
    types: client.activities.map((one) => one.type),
  };
}

async function reload() {
  const { token, conversationId } = await generate({ user: { id: 'dl_reload' } });
  const first = new Client({ token });
  await first.post({ text: 'ennen' });
  await first.seen((one) => one.text === 'ennen');
  const { watermark } = first.line;
  first.close();
  const second = new Client({ token: first.line.token, conversationId, watermark });
  await second.post({ text: 'jälkeen' });
  await second.seen((one) => one.text === 'jälkeen');
  second.close();
  const third = new Client({ token: first.line.token, conversationId });
  await third.seen((one) => one.text === 'jälkeen');
  third.close();
  return { second: second.texts, third: third.texts };
}

async function refresh() {
  const { token } = await generate({ user: { id: 'dl_refresh' } });
  const client = new Client({ token });
  await client.status(ONLINE);
  const renewed = await new Promise((resolve, reject) => client.line.refreshToken().subscribe(resolve, reject));
  client.line.token = renewed;
  await client.post({ text: 'uudella' });
  await client.seen((one) => one.text === 'uudella');
  client.close();
  return { given: renewed.split('.').length, texts: client.texts };
}

async function expired() {
  const late = new Client({ token: process.env.EXPIRED, conversationId: process.env.CONVERSATION });
  await late.status(FAILED);
  const client = new Client({ token: process.env.GOOD, conversationId: process.env.CONVERSATION });
  await client.seen((one) => one.text === 'Hello!');
  client.line.token = process.env.EXPIRED; // as half an hour does
  await client.status(EXPIRED);
  const retried = await client.post({ text: 'vanhalla' });
  client.line.reconnect({ token: process.env.GOOD, conversationId: process.env.CONVERSATION });
  await client.status(ONLINE);
  await client.post({ text: 'uudella' });
  await client.seen((one) => one.text === 'uudella');
  client.close();
  return { retried, statuses: client.statuses, texts: client.texts };
}

async function bySecret() {
  const client = new Client({ secret: process.env.SECRET });
  await client.post({ text: 'salaisuudella' });
  await client.seen((one) => one.text === 'salaisuudella');
  client.close();
  return { texts: client.texts };
}

const found = {};
for (const scenario of [whole, reload, refresh, expired, bySecret]) found[scenario.name] = await scenario();
process.stdout.write(JSON.stringify(found), () => process.exit(0));
