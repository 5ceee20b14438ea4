// What survives a reload. A browser may forbid storage in a frame of another site: then nothing does.
import type { Session } from './session';

const key = (account: string) => `monikanava:${account}`;

export function remember(account: string, session: Session): void {
  try {
    localStorage.setItem(key(account), JSON.stringify(session));
  } catch {
    // Forbidden or full: the chat works, and a reload starts anew.
  }
}

export function remembered(account: string): Session | null {
  try {
    return JSON.parse(localStorage.getItem(key(account)) ?? 'null') as Session | null;
  } catch {
    return null;
  }
}

export function forget(account: string): void {
  try {
    localStorage.removeItem(key(account));
  } catch {
    // There was nothing to forget.
  }
}
