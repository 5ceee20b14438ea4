// What is around the conversation: title, status in words, actions, notices and the question before the end.
import { icon, make } from './dom';
import type { Page } from './page';
import type { Texts } from './texts';

const DOWNLOAD = 'M12 4v11m-4.5-4.5L12 15l4.5-4.5M5 20h14';
const LEAVE = 'M10 5H5v14h5M10 12h10m-4-4 4 4-4 4';
const MINIMISE = 'm6 9 6 6 6-6';

export interface Actions {
  transcript(): void;
  end(): void;
  minimise(): void;
}

export class Frame {
  readonly stage = make('div', { className: 'stage' });
  readonly #status = make('p', { className: 'status' });
  readonly #notice = make('div', { className: 'notice', hidden: true });
  readonly #footer = make('footer', { className: 'footer', hidden: true });
  readonly #inChat: HTMLButtonElement[];
  readonly #end: HTMLButtonElement;
  readonly #question: HTMLDialogElement;

  constructor(page: Page, private readonly texts: Texts, actions: Actions) {
    this.#question = question(texts, () => actions.end());
    const download = action(DOWNLOAD, texts.transcript, () => actions.transcript());
    this.#end = action(LEAVE, texts.end, () => this.#question.showModal());
    this.#inChat = page.persistent ? [download] : [download, this.#end];
    const minimise = page.embedded ? [action(MINIMISE, texts.minimise, () => actions.minimise())] : [];
    this.#status.setAttribute('role', 'status');
    this.#notice.setAttribute('role', 'alert');
    const heading = make('div', { className: 'heading' }, make('h1', { textContent: page.title }), this.#status);
    const buttons = make('div', { className: 'actions' }, ...this.#inChat, ...minimise);
    document.body.append(make('header', {}, heading, buttons), this.#notice, this.stage, this.#footer, this.#question);
    this.chatting(false);
  }

  status(now: keyof Texts['status'] | null): void {
    const text = now ? this.texts.status[now] : '';
    this.#status.dataset['now'] = now ?? '';
    if (this.#status.textContent !== text) this.#status.textContent = text;
  }

  /** Shows what can be done with the conversation there is. */
  chatting(yes: boolean): void {
    for (const button of this.#inChat) button.hidden = !yes;
    this.#footer.hidden = true;
  }

  ended(anew: () => void): void {
    this.#question.close();
    this.#end.hidden = true;
    const button = make('button', { className: 'button primary', textContent: this.texts.anew, onclick: anew });
    this.#footer.replaceChildren(make('p', { textContent: this.texts.ended }), button);
    this.#footer.hidden = false;
    if (document.hasFocus()) button.focus();
  }

  notice(text: string, retry?: () => void): void {
    const again = retry ? [make('button', { className: 'button', textContent: this.texts.retry, onclick: retry })] : [];
    this.#notice.replaceChildren(make('p', { textContent: text }), ...again);
    this.#notice.hidden = text === '';
  }
}

function action(drawing: string, label: string, onclick: () => void): HTMLButtonElement {
  const button = make('button', { className: 'button action', title: label, type: 'button', onclick }, icon(drawing));
  button.setAttribute('aria-label', label);
  return button;
}

function question(texts: Texts, yes: () => void): HTMLDialogElement {
  const title = make('h2', { id: 'end-question', textContent: texts.endQuestion });
  const cancel = make('button', { className: 'button', textContent: texts.cancel, value: 'no' });
  const end = make('button', { className: 'button primary', textContent: texts.end, value: 'yes' });
  const form = make('form', { method: 'dialog' }, title, make('p', { textContent: texts.endHint }), cancel, end);
  const dialog = make('dialog', {}, form);
  dialog.setAttribute('aria-labelledby', title.id);
  dialog.addEventListener('close', () => {
    if (dialog.returnValue === 'yes') yes();
    dialog.returnValue = '';
  });
  return dialog;
}
