// The page around us: the widget on somebody's site, or nobody when the chat is open by itself.
import type { Page } from './page';

/** What frame and widget say to each other; the widget says `shown`, the frame the rest. */
export type Said = { monikanava: 'shown'; shown: boolean } | { monikanava: 'unread'; count: number } | { monikanava: 'close' };

export class Host {
  #open: boolean;

  constructor(private readonly page: Page, listener: { opened(): void; shown(): void }) {
    this.#open = !page.embedded;
    window.addEventListener('message', ({ source, data }: MessageEvent<Said>) => {
      if (source !== window.parent || data?.monikanava !== 'shown') return;
      this.#open = data.shown;
      if (!this.visible) return;
      listener.shown();
      listener.opened();
    });
    document.addEventListener('visibilitychange', () => void (this.visible && listener.shown()));
    window.addEventListener('keydown', (event) => {
      if (event.key === 'Escape' && !event.defaultPrevented && !document.querySelector('dialog[open]')) this.close();
    });
  }

  get visible(): boolean {
    return this.#open && document.visibilityState === 'visible';
  }

  unread(count: number): void {
    document.title = count ? `(${count}) ${this.page.title}` : this.page.title;
    this.#say({ monikanava: 'unread', count });
  }

  close(): void {
    this.#say({ monikanava: 'close' });
  }

  #say(what: Said): void {
    // The site's origin is not known here; a count is no secret, and only allowed sites can frame us.
    if (this.page.embedded) window.parent.postMessage(what, '*');
  }
}
