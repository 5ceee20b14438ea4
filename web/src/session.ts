// The calls that Web Chat does not make: to begin, to come back, to take the transcript along.
import type { Page } from './page';

export interface Session {
  conversationId: string;
  token: string;
  userId: string;
  webSocket: boolean;
  pollingInterval: number; // milliseconds
  seen: string; // the time of the newest message that was shown
  subject: string; // who was signed in when it began; empty: nobody
}

/** The server said no, with a status; 0: it was not reached. */
export class Refused extends Error {
  constructor(readonly status: number) {
    super(`refused with ${status}`);
  }
}

export const domain = (page: Page): string => `${location.origin}${page.base}/v3/directline`;

export async function begin(page: Page, survey: Record<string, string>, customer: string): Promise<Session> {
  const body = JSON.stringify({ locale: page.locale, survey, ...(customer ? { token: customer } : {}) });
  const headers = { 'Content-Type': 'application/json' };
  const answer = await call(`${location.origin}${page.base}/session`, { method: 'POST', headers, body });
  return { ...((await answer.json()) as Session), seen: '', subject: subjectOf(customer) };
}

/** Whom a site's token is about. It is not checked here: it only tells whether it is still the same customer. */
export function subjectOf(token: string): string {
  try {
    const payload = (token.split('.')[1] ?? '').replaceAll('-', '+').replaceAll('_', '/');
    return String((JSON.parse(atob(payload)) as { sub?: string }).sub ?? '');
  } catch {
    return '';
  }
}

/** A fresh token for the same conversation. Raises Refused: 401, 403 and 404 when there is no way back. */
export async function refresh(page: Page, session: Session): Promise<Session> {
  const answer = await call(`${domain(page)}/tokens/refresh`, { method: 'POST', headers: bearer(session) });
  const { token } = (await answer.json()) as { token: string };
  return { ...session, token };
}

export async function transcript(page: Page, session: Session): Promise<Blob> {
  const url = `${domain(page)}/conversations/${session.conversationId}/transcript?locale=${page.locale}`;
  return (await call(url, { headers: bearer(session) })).blob();
}

const bearer = (session: Session) => ({ Authorization: `Bearer ${session.token}` });

async function call(url: string, init: RequestInit): Promise<Response> {
  const answer = await fetch(url, init).catch(() => {
    throw new Refused(0);
  });
  if (!answer.ok) throw new Refused(answer.status);
  return answer;
}
