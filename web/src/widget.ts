// The embed script: a launcher on somebody's page, and the chat page in a frame when it is opened.
//
//   <script src="https://HOST/api/channels/chat/ACCOUNT/widget.js" data-locale="fi" async></script>
import { icon, make } from './dom';
import type { Said, Shown, SignedIn } from './host';
import { localeOf } from './locale';
import css from './widget.css';
import { widgetTexts } from './widget-texts';

const BUBBLE = 'M4 5h16v11H10l-4.5 4v-4H4z';
const CROSS = 'm6 6 12 12M18 6 6 18';

const script = document.currentScript as HTMLScriptElement;
const base = script.src.replace(/\/widget\.js.*$/, '');
const { locale: wished, position, survey, signIn } = script.dataset;
const locale = localeOf([wished ?? document.documentElement.lang, ...navigator.languages]);
const texts = widgetTexts[locale];

/** Remembers while the tab lives; on pages without storage nothing is remembered. */
function memory(name: string) {
  const key = `monikanava:${base}:${name}`;
  const tried = <T>(action: () => T): T | null => {
    try {
      return action();
    } catch {
      return null;
    }
  };
  return {
    read: () => tried(() => sessionStorage.getItem(key)),
    write: (text: string | null) =>
      tried(() => (text === null ? sessionStorage.removeItem(key) : sessionStorage.setItem(key, text))),
  };
}

const place = memory('place'); // open or closed; nothing before the first time
const kept = memory('kept'); // the frame's, when it may not keep anything itself

/** Asks the site's own function for the token of its customer; nobody is signed in where it fails. */
async function token(): Promise<string> {
  try {
    const ask = (window as unknown as Record<string, () => unknown>)[signIn ?? ''];
    return String((await ask?.()) ?? '');
  } catch {
    return '';
  }
}

class Widget {
  readonly #host = make('div');
  readonly #badge = make('span', { className: 'badge', hidden: true });
  readonly #launcher = make('button', { type: 'button' });
  readonly #root: ShadowRoot;
  #frame: HTMLIFrameElement | null = null;
  #open = false;
  #byHand = false;
  #ready = false; // the page in the frame listens
  #unread = 0;

  constructor() {
    this.#host.dataset['position'] = position === 'left' ? 'left' : 'right';
    this.#root = this.#host.attachShadow({ mode: 'open' });
    const sheet = new CSSStyleSheet(); // unlike <style>, allowed by every site's content security policy
    sheet.replaceSync(css);
    this.#root.adoptedStyleSheets = [sheet];
    this.#root.append(this.#launcher);
    this.#launcher.addEventListener('click', () => this.#turn(!this.#open));
    window.addEventListener('message', (event) => this.#heard(event));
    this.#host.addEventListener('keydown', ({ key }) => void (key === 'Escape' && this.#open && this.#turn(false)));
    document.body.append(this.#host);
    this.#draw();
    const before = place.read();
    if (before) this.#load();
    if (before === 'open') this.#turn(true, false);
  }

  #turn(open: boolean, byHand = true): void {
    this.#open = open;
    this.#byHand = open && byHand;
    place.write(open ? 'open' : 'closed');
    const frame = this.#load();
    frame.hidden = !open;
    this.#draw();
    this.#tell();
    if (!byHand) return;
    if (open) frame.focus();
    else this.#launcher.focus();
  }

  #load(): HTMLIFrameElement {
    if (this.#frame) return this.#frame;
    const query = new URLSearchParams({ embedded: 'true', locale });
    if (survey) query.set('survey', survey);
    if (signIn) query.set('sign-in', 'true');
    const frame = make('iframe', { id: 'chat', src: `${base}?${query}`, title: texts.title, hidden: true });
    this.#root.prepend(frame);
    return (this.#frame = frame);
  }

  #draw(): void {
    this.#host.toggleAttribute('data-open', this.#open);
    this.#badge.textContent = String(this.#unread);
    this.#badge.hidden = this.#open || this.#unread === 0;
    const unread = this.#badge.hidden ? '' : `, ${texts.unread(this.#unread)}`;
    this.#launcher.setAttribute('aria-label', (this.#open ? texts.close : texts.open) + unread);
    this.#launcher.setAttribute('aria-expanded', String(this.#open));
    if (this.#frame) this.#launcher.setAttribute('aria-controls', 'chat');
    this.#launcher.replaceChildren(icon(this.#open ? CROSS : BUBBLE), this.#badge);
  }

  #tell(): void {
    if (!this.#ready) return;
    this.#say({ monikanava: 'shown', shown: this.#open, focus: this.#byHand, kept: kept.read() });
  }

  #say(what: Shown | SignedIn): void {
    this.#frame?.contentWindow?.postMessage(what, new URL(base).origin);
  }

  #heard({ source, origin, data }: MessageEvent<Said>): void {
    if (!this.#frame || source !== this.#frame.contentWindow || origin !== new URL(base).origin) return;
    if (data.monikanava === 'close') this.#turn(false);
    if (data.monikanava === 'keep') kept.write(data.text);
    if (data.monikanava === 'unread') this.#unread = data.count;
    if (data.monikanava === 'sign-in') void token().then((token) => this.#say({ monikanava: 'signed-in', token }));
    if (data.monikanava === 'ready') this.#ready = true;
    if (data.monikanava === 'ready') this.#tell();
    this.#draw();
  }
}

if (document.body) new Widget();
else document.addEventListener('DOMContentLoaded', () => new Widget());
