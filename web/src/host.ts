// The page around us: the widget on somebody's site, or nobody when the chat is open by itself.
import type { Page } from './page';

const SIGN_IN = 10_000; // milliseconds that the site has to say who the customer is

/** What the widget says: once when the frame is ready, and whenever it is opened or closed. */
export interface Shown {
  monikanava: 'shown';
  shown: boolean;
  focus: boolean; // the customer opened it just now; not when a page comes with it open
  kept: string | null; // what the frame gave it to keep
}

/** The widget's answer to `sign-in`: the site's token, empty for whom it does not know. */
export interface SignedIn {
  monikanava: 'signed-in';
  token: string;
}

/** What the frame says. */
export type Said =
  | { monikanava: 'ready' }
  | { monikanava: 'sign-in' }
  | { monikanava: 'unread'; count: number }
  | { monikanava: 'keep'; text: string | null }
  | { monikanava: 'close' };

export class Host {
  #open: boolean;
  focus = false; // the cursor is wanted here
  readonly #greeted: Promise<Shown>;

  constructor(private readonly page: Page, listener: { opened(): void; shown(): void }) {
    this.#open = !page.embedded;
    this.#greeted = new Promise((greeted) =>
      window.addEventListener('message', ({ source, data }: MessageEvent<Shown>) => {
        if (source !== window.parent || data?.monikanava !== 'shown') return;
        greeted(data);
        this.#open = data.shown;
        this.focus = data.focus;
        if (this.visible) listener.shown();
        if (this.focus) listener.opened();
      }),
    );
    document.addEventListener('visibilitychange', () => void (this.visible && listener.shown()));
    window.addEventListener('keydown', (event) => {
      if (event.key === 'Escape' && !event.defaultPrevented && !document.querySelector('dialog[open]')) this.close();
    });
    this.#say({ monikanava: 'ready' });
  }

  get visible(): boolean {
    return this.#open && document.visibilityState === 'visible';
  }

  unread(count: number): void {
    document.title = count ? `(${count}) ${this.page.title}` : this.page.title;
    this.#say({ monikanava: 'unread', count });
  }

  /** What the widget keeps for us; nothing when there is none. */
  async kept(): Promise<string | null> {
    return this.page.embedded ? (await this.#greeted).kept : null;
  }

  /** The token with which the site vouches for its customer; empty without one, or when it takes too long. */
  async token(): Promise<string> {
    if (!this.page.embedded || !this.page.signsIn) return '';
    const answer = new Promise<string>((told) => {
      window.addEventListener('message', ({ source, data }: MessageEvent<SignedIn>) => {
        if (source === window.parent && data?.monikanava === 'signed-in') told(data.token);
      });
      window.setTimeout(() => told(''), SIGN_IN);
    });
    this.#say({ monikanava: 'sign-in' });
    return answer;
  }

  keep(text: string | null): void {
    this.#say({ monikanava: 'keep', text });
  }

  close(): void {
    this.#say({ monikanava: 'close' });
  }

  #say(what: Said): void {
    // To whoever frames us: the browser lets nobody but the account's allowed sites do that (frame-ancestors).
    if (this.page.embedded) window.parent.postMessage(what, '*');
  }
}
