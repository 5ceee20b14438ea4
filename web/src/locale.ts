// Which of our languages somebody is spoken to in.

const LOCALES = ['fi', 'sv', 'en'] as const;
export type Locale = (typeof LOCALES)[number];

/** The first of the wished languages that we have; English when there is none. */
export function localeOf(wished: readonly (string | null)[]): Locale {
  const codes = wished.map((one) => one?.toLowerCase().split('-')[0]);
  return codes.map((code) => LOCALES.find((one) => one === code)).find(Boolean) ?? 'en';
}

/** A text of the account's configuration: one for all, or one for each language. */
export type Localized = string | Partial<Record<string, string>>;

export function localized(text: Localized, locale: Locale): string {
  if (typeof text === 'string') return text;
  return text[locale] ?? text['en'] ?? Object.values(text)[0] ?? '';
}
