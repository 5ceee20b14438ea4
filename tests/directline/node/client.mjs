// The unmodified browser bundle of botframework-directlinejs in a page of another origin, and an agent.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { JSDOM, VirtualConsole } from 'jsdom';

const { URL: url, DESK_TOKEN: deskToken, SECRET: secret, ORIGIN: origin, ACCOUNT: account = 'web' } = process.env;
const bundle = readFileSync(createRequire(import.meta.url).resolve('botframework-directlinejs/dist/directline.js'), 'utf8');
const SECONDS = 20;
export const domain = `${url}/api/channels/chat/${account}/v3/directline`;

export const page = new JSDOM('<!doctype html>', {
  url: origin,
  runScripts: 'outside-only',
  virtualConsole: new VirtualConsole(),
});
page.window.eval(bundle);

async function json(response) {
  if (!response.ok) throw new Error(`${response.url}: ${response.status} ${await response.text()}`);
  return response.status === 204 ? {} : response.json();
}

export async function generate(body = {}) {
  const headers = { authorization: `Bearer ${secret}`, 'content-type': 'application/json' };
  return json(await fetch(`${domain}/tokens/generate`, { method: 'POST', headers, body: JSON.stringify(body) }));
}

export async function desk(method, path, body) {
  const headers = {
    authorization: `Bearer ${deskToken}`,
    'content-type': 'application/json',
    'idempotency-key': crypto.randomUUID(),
  };
  return json(await fetch(`${url}/api/${path}`, { method, headers, body: body && JSON.stringify(body) }));
}

export async function file(path) {
  const response = await fetch(`${url}/api/${path}`, { headers: { authorization: `Bearer ${deskToken}` } });
  return Buffer.from(await response.arrayBuffer()).toString('base64');
}

export async function conversationOf(user) {
  const found = [];
  for (const state of ['open', 'active', 'wrapUp', 'closed']) {
    const query = `workstream=help&state=${state}&limit=100`;
    found.push(...(await desk('GET', `conversations?${query}`)).items.filter((one) => one.customer.id === user));
  }
  return found[0];
}

export async function until(what, condition) {
  const deadline = Date.now() + SECONDS * 1000;
  for (;;) {
    const found = await condition();
    if (found) return found;
    if (Date.now() > deadline) throw new Error(`in vain: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}

export class Client {
  constructor(options) {
    this.line = new page.window.DirectLine.DirectLine({ domain, webSocket: false, pollingInterval: 200, ...options });
    this.statuses = [];
    this.activities = [];
    this.line.connectionStatus$.subscribe((status) => this.statuses.push(status));
    this.subscribe();
  }

  subscribe() {
    this.reading = this.line.activity$.subscribe((activity) => this.activities.push(activity), () => {});
  }

  post(activity) {
    const whole = { type: 'message', from: { id: 'ignored' }, ...activity };
    return new Promise((resolve, reject) => this.line.postActivity(whole).subscribe(resolve, reject));
  }

  seen(condition, what = condition.toString()) {
    return until(what, () => this.activities.find(condition));
  }

  status(wanted) {
    return until(`status ${wanted}`, () => this.statuses.at(-1) === wanted);
  }

  // As Web Chat shows them: the client itself does not tell when two of its polls overlap.
  get texts() {
    const shown = new Map(this.activities.map((one) => [one.id, one]));
    return [...shown.values()].filter((one) => one.type === 'message').map((one) => one.text);
  }

  close() {
    this.reading.unsubscribe();
    this.line.end();
  }
}
