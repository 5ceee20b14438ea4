// The conversation itself: Web Chat on a Direct Line, and what the page wants to hear of both.
import { ConnectionStatus, type Activity, type DirectLine } from 'botframework-directlinejs';
import { Components, createStore, hooks } from 'botframework-webchat';
import { createElement, Fragment, useEffect } from 'react';
import { createRoot } from 'react-dom/client';
import { link } from './link';
import { linked } from './links';
import { look } from './look';
import type { Page } from './page';
import { domain, refresh, Refused, type Session } from './session';
import type { Texts } from './texts';

const RENEW = 10 * 60_000; // milliseconds; a token lives for thirty minutes
const READING = 1500; // milliseconds on the screen until something counts as read
const INCOMING = 'DIRECT_LINE/INCOMING_ACTIVITY';

/** What a room tells of. */
export interface Listener {
  status(now: keyof Texts['status']): void;
  message(id: string, sentAt: string): void; // from the agent's side
  renewed(session: Session): void;
  ended(): void;
  expired(): void;
}

type Focus = (where: 'sendBoxWithoutKeyboard') => Promise<void>;

export class Room {
  readonly #line: DirectLine;
  readonly #root;
  readonly #renewing: number;
  #focus: Focus | null = null;
  #wanted = false;
  #left = false;
  #reading = 0;
  #session: Session;

  constructor(
    private readonly page: Page,
    private readonly texts: Texts,
    session: Session,
    element: HTMLElement,
    private readonly listener: Listener,
  ) {
    this.#session = session;
    this.#line = link(domain(page), session, (yes) => this.#reached(yes));
    this.#line.connectionStatus$.subscribe((now) => this.#connected(now));
    this.#root = createRoot(element);
    this.#render();
    this.#renewing = window.setInterval(() => void this.#renew(), RENEW);
  }

  /** Puts the cursor where one writes, as soon as there is such a place. */
  focus(): void {
    this.#wanted = !this.#focus;
    void this.#focus?.('sendBoxWithoutKeyboard');
  }

  /** Tells the agents that what they wrote was shown, up to this message. */
  read(messageId: string): void {
    window.clearTimeout(this.#reading);
    const event = { type: 'event', name: 'MessageRead', value: { messageId } };
    const tell = () => void this.#post(event).catch(() => undefined);
    this.#reading = window.setTimeout(tell, READING);
  }

  /** Says goodbye; raises Refused when that was not heard. */
  async end(): Promise<void> {
    await this.#post({ type: 'endOfConversation' });
  }

  /** Nothing more can be said; what was said stays to be read. */
  close(): void {
    this.#leave();
    this.#render(true);
  }

  remove(): void {
    this.#leave();
    this.#root.unmount();
  }

  #leave(): void {
    this.#left = true;
    window.clearTimeout(this.#reading);
    window.clearInterval(this.#renewing);
    this.#line.end();
  }

  async #post(activity: { type: string; name?: string; value?: object }): Promise<void> {
    const whole = { ...activity, from: { id: this.#session.userId } } as unknown as Activity;
    const id = await this.#line.postActivity(whole).toPromise().catch(() => 'retry');
    if (id === 'retry') throw new Refused(0); // the client's word for: it did not arrive
  }

  #reached(yes: boolean): void {
    if (!this.#left) this.listener.status(yes ? 'online' : 'offline');
  }

  #connected(now: ConnectionStatus): void {
    if (this.#left) return;
    if (now === ConnectionStatus.Connecting) this.listener.status('connecting');
    if (now === ConnectionStatus.Online) this.listener.status('online');
    if (now === ConnectionStatus.FailedToConnect) this.listener.status('failed');
    if (now === ConnectionStatus.ExpiredToken) this.listener.expired();
  }

  /** Tells what came; gives whether it was for us alone, for Web Chat cannot draw everything. */
  #heard(activity: Activity & { name?: string }): boolean {
    const type: string = activity.type;
    if (type === 'endOfConversation') this.listener.ended();
    if (type === 'event' && activity.name === 'AgentAccepted') this.listener.status('agent');
    if (type === 'message' && activity.from.id !== this.#session.userId) {
      this.listener.message(activity.id ?? '', activity.timestamp ?? '');
    }
    return type === 'endOfConversation';
  }

  async #renew(): Promise<void> {
    try {
      this.#session = await refresh(this.page, this.#session);
      this.#line.reconnect(this.#session);
      this.listener.renewed(this.#session);
    } catch {
      // The client has a loop of its own, and tells when the token has expired.
    }
  }

  #store = createStore({}, () => (next: (action: unknown) => unknown) => (action: unknown) => {
    const { type, payload } = action as { type: string; payload?: { activity: Activity } };
    if (type !== INCOMING || !payload) return next(action);
    const known = this.#heard(payload.activity);
    return known ? action : next({ type, payload: { activity: shown(payload.activity) } });
  });

  #render(closed = false): void {
    const focusing = () => {
      const focus = hooks.useFocus() as Focus;
      useEffect(() => {
        this.#focus = focus;
        if (this.#wanted) this.focus();
      }, [focus]);
      return null;
    };
    this.#root.render(
      createElement(Components.Composer, {
        directLine: this.#line as never, // `never`: Web Chat's types take neither this client nor children
        disabled: closed,
        locale: this.texts.webChat,
        nonce: this.page.nonce,
        overrideLocalizedStrings: { ACTIVITY_BOT_SAID_ALT: `${this.page.title} ${this.texts.said}` },
        renderMarkdown: linked,
        sendTypingIndicator: true,
        store: this.#store,
        styleOptions: { ...look, hideSendBox: closed },
        children: createElement(Fragment, {}, createElement(Components.BasicWebChat, { role: 'main' }), createElement(focusing)) as never,
      }),
    );
  }
}

/** Agents write plain text, in which `linked` finds links; the customer's own media are shown, not just named. */
function shown(activity: Activity): Activity {
  if (activity.type !== 'message') return activity;
  if (activity.from.role !== 'user') return { ...activity, textFormat: 'markdown' };
  const attachments = activity.attachments?.map((one) => {
    const isMedium = /^(image|audio|video)\//.test(one.contentType) && 'contentUrl' in one;
    return isMedium ? { ...one, thumbnailUrl: one.contentUrl } : one;
  });
  return { ...activity, attachments };
}
