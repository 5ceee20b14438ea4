// What the server says of the account (data attributes of <body>), and how the page was opened.
import { localeOf, type Locale, type Localized } from './locale';

export interface Question {
  id: string;
  text: Localized;
  kind: 'text' | 'choice';
  choices?: Record<string, Localized>; // by the value that is kept
  required?: boolean;
}

export interface Page {
  account: string;
  base: string; // the account's path, without a slash at its end
  title: string;
  survey: Question[];
  persistent: boolean; // one conversation across visits, which the customer cannot end
  embedded: boolean; // in the widget's frame
  signsIn: boolean; // the site around us can say who the customer is
  locale: Locale;
  nonce: string;
}

export function readPage(): Page {
  const data = document.body.dataset;
  const query = new URLSearchParams(location.search);
  const survey = JSON.parse(data['survey'] ?? '[]') as Question[];
  return {
    account: data['account'] ?? '',
    base: data['base'] ?? '',
    title: data['title'] ?? '',
    survey: survey.filter(({ required }) => required || query.get('survey') !== 'off'),
    persistent: data['persistent'] === 'true',
    embedded: query.get('embedded') === 'true' && window.parent !== window,
    signsIn: query.get('sign-in') === 'true',
    locale: localeOf([query.get('locale'), ...navigator.languages]),
    nonce: document.querySelector<HTMLLinkElement>('link[rel=stylesheet]')?.nonce ?? '',
  };
}
