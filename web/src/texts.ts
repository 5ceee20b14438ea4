// What the page says, in Finnish, Swedish and English. Web Chat brings its own texts.
import type { Locale } from './locale';

const en = {
  webChat: 'en-US',
  said: 'said:', // for screen readers, after the title and before what was said
  status: {
    connecting: 'Connecting…',
    online: 'Connected',
    offline: 'The connection broke. Trying again…',
    failed: 'The chat cannot be reached.',
    agent: 'An agent is with you',
    ended: 'The chat has ended',
  },
  retry: 'Try again',
  transcript: 'Download transcript',
  transcriptFailed: 'The transcript could not be fetched.',
  end: 'End chat',
  endQuestion: 'Do you want to end the chat?',
  endHint: 'You can download the transcript before you go.',
  endFailed: 'The chat could not be ended. Try again.',
  cancel: 'Cancel',
  minimise: 'Minimise',
  ended: 'The chat has ended. Thank you!',
  anew: 'Start a new chat',
  expired: 'Your earlier chat is no longer open, so this is a new one.',
  refused: 'Chat is not allowed from this page.',
  tooMany: 'Many chats were just started from your network. Try again in a few minutes.',
  survey: 'Before we start',
  begin: 'Start the chat',
  choose: 'Choose…',
  required: 'required',
  missing: 'Answer this, please.',
};

export type Texts = typeof en;

const fi: Texts = {
  webChat: 'fi-FI',
  said: 'sanoi:',
  status: {
    connecting: 'Yhdistetään…',
    online: 'Yhteys on auki',
    offline: 'Yhteys katkesi. Yritetään uudelleen…',
    failed: 'Keskusteluun ei saada yhteyttä.',
    agent: 'Asiakaspalvelija on linjalla',
    ended: 'Keskustelu on päättynyt',
  },
  retry: 'Yritä uudelleen',
  transcript: 'Lataa keskustelu',
  transcriptFailed: 'Keskustelua ei voitu ladata.',
  end: 'Lopeta keskustelu',
  endQuestion: 'Haluatko lopettaa keskustelun?',
  endHint: 'Voit ladata keskustelun itsellesi ennen kuin lähdet.',
  endFailed: 'Keskustelua ei voitu lopettaa. Yritä uudelleen.',
  cancel: 'Peruuta',
  minimise: 'Pienennä',
  ended: 'Keskustelu on päättynyt. Kiitos!',
  anew: 'Aloita uusi keskustelu',
  expired: 'Aiempi keskustelusi ei ole enää auki, joten tämä on uusi.',
  refused: 'Keskustelu ei ole sallittu tältä sivulta.',
  tooMany: 'Verkostasi on juuri aloitettu monta keskustelua. Yritä uudelleen muutaman minuutin kuluttua.',
  survey: 'Ennen kuin aloitamme',
  begin: 'Aloita keskustelu',
  choose: 'Valitse…',
  required: 'pakollinen',
  missing: 'Vastaa tähän, ole hyvä.',
};

const sv: Texts = {
  webChat: 'sv-SE',
  said: 'sade:',
  status: {
    connecting: 'Ansluter…',
    online: 'Ansluten',
    offline: 'Anslutningen bröts. Försöker igen…',
    failed: 'Chatten kan inte nås.',
    agent: 'En kundtjänstmedarbetare är med',
    ended: 'Chatten är avslutad',
  },
  retry: 'Försök igen',
  transcript: 'Ladda ner chatten',
  transcriptFailed: 'Chatten kunde inte laddas ner.',
  end: 'Avsluta chatten',
  endQuestion: 'Vill du avsluta chatten?',
  endHint: 'Du kan ladda ner chatten innan du går.',
  endFailed: 'Chatten kunde inte avslutas. Försök igen.',
  cancel: 'Avbryt',
  minimise: 'Minimera',
  ended: 'Chatten är avslutad. Tack!',
  anew: 'Starta en ny chatt',
  expired: 'Din tidigare chatt är inte längre öppen, så det här är en ny.',
  refused: 'Chatten är inte tillåten från den här sidan.',
  tooMany: 'Många chattar har just startats från ditt nätverk. Försök igen om några minuter.',
  survey: 'Innan vi börjar',
  begin: 'Starta chatten',
  choose: 'Välj…',
  required: 'obligatorisk',
  missing: 'Svara på detta, tack.',
};

const all: Record<Locale, Texts> = { fi, sv, en };

export const textsOf = (locale: Locale): Texts => all[locale];
