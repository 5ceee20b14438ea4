// The questions before the chat. Errors are told to everybody: in words, at the field, with focus on the first.
import { make } from './dom';
import type { Question } from './page';
import { localized, type Locale } from './locale';
import type { Texts } from './texts';

type Answers = Record<string, string>;
type Field = HTMLInputElement | HTMLSelectElement;

export function survey(questions: Question[], texts: Texts, locale: Locale, done: (answers: Answers) => void): HTMLElement {
  const fields = questions.map((question) => field(question, texts, locale));
  const form = make(
    'form',
    { className: 'survey', noValidate: true },
    make('h2', { textContent: texts.survey }),
    ...fields.map(({ row }) => row),
    make('button', { className: 'button primary', textContent: texts.begin }),
  );
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    const missing = fields.filter(({ check }) => !check());
    if (missing[0]) missing[0].input.focus();
    else done(Object.fromEntries(fields.map(({ id, input }) => [id, input.value.trim()]).filter(([, value]) => value)));
  });
  return make('main', {}, form);
}

function field(question: Question, texts: Texts, locale: Locale) {
  const name = `question-${question.id}`;
  const input = question.kind === 'choice' ? choices(question, texts, locale) : make('input', { maxLength: 4000 });
  const error = make('p', { id: `${name}-error`, className: 'error', hidden: true, textContent: texts.missing });
  Object.assign(input, { id: name, required: question.required ?? false });
  const label = make('label', { htmlFor: name, textContent: localized(question.text, locale) });
  if (question.required) label.append(' ', make('span', { className: 'quiet', textContent: `(${texts.required})` }));
  const check = () => checked(input, error);
  // While it is written, not when it is left: a button that moves away under a click is not clicked.
  input.addEventListener('input', () => void (error.hidden || check()));
  return { id: question.id, input, check, row: make('div', { className: 'field' }, label, input, error) };
}

function choices(question: Question, texts: Texts, locale: Locale): HTMLSelectElement {
  const options = Object.entries(question.choices ?? {}).map(([value, text]) =>
    make('option', { value, textContent: localized(text, locale) }),
  );
  return make('select', {}, make('option', { value: '', textContent: texts.choose }), ...options);
}

function checked(input: Field, error: HTMLElement): boolean {
  const right = !input.required || input.value.trim() !== '';
  error.hidden = right;
  if (right) input.removeAttribute('aria-describedby');
  else input.setAttribute('aria-describedby', error.id);
  input.setAttribute('aria-invalid', String(!right));
  return right;
}
