// What the launcher says: apart from the page's texts, for the embed script is to stay tiny.
import type { Locale } from './locale';

interface WidgetTexts {
  title: string;
  open: string;
  close: string;
  unread(count: number): string;
}

export const widgetTexts: Record<Locale, WidgetTexts> = {
  fi: {
    title: 'Keskustelu',
    open: 'Avaa keskustelu',
    close: 'Sulje keskustelu',
    unread: (count) => (count === 1 ? '1 lukematon viesti' : `${count} lukematonta viestiä`),
  },
  sv: {
    title: 'Chatt',
    open: 'Öppna chatten',
    close: 'Stäng chatten',
    unread: (count) => (count === 1 ? '1 oläst meddelande' : `${count} olästa meddelanden`),
  },
  en: {
    title: 'Chat',
    open: 'Open chat',
    close: 'Close chat',
    unread: (count) => (count === 1 ? '1 unread message' : `${count} unread messages`),
  },
};
