// What survives a reload: the session, in this page's storage. In a frame of another site browsers may forbid that;
// then the widget keeps it, in the storage of its tab: on a site that may open chats anyway, or it could not frame us.
import type { Host } from './host';
import type { Session } from './session';

export class Memory {
  readonly #key: string;

  constructor(account: string, private readonly host: Host) {
    this.#key = `monikanava:${account}`;
  }

  async read(): Promise<Session | null> {
    const text = allowed() ? localStorage.getItem(this.#key) : await this.host.kept();
    return JSON.parse(text ?? 'null') as Session | null;
  }

  write(session: Session): void {
    const text = JSON.stringify(session);
    if (allowed()) localStorage.setItem(this.#key, text);
    else this.host.keep(text);
  }

  clear(): void {
    if (allowed()) localStorage.removeItem(this.#key);
    else this.host.keep(null);
  }
}

function allowed(): boolean {
  try {
    return Boolean(localStorage);
  } catch {
    return false;
  }
}
