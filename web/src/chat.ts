// The page: comes back to the conversation there was, or asks what the account wants to know and begins one.
import { Frame } from './frame';
import { Host } from './host';
import { Memory } from './memory';
import { readPage } from './page';
import { Room } from './room';
import { begin, refresh, Refused, subjectOf, transcript, type Session } from './session';
import { survey } from './survey';
import { textsOf } from './texts';

const page = readPage();
const texts = textsOf(page.locale);
document.documentElement.lang = page.locale;
document.title = page.title;

const host = new Host(page, { opened, shown });
const memory = new Memory(page.account, host);
const frame = new Frame(page, texts, { transcript: () => void download(), end: () => void end(), minimise: () => host.close() });
let session: Session | null = null;
let room: Room | null = null;
let agent = false;
let newest = { id: '', sentAt: '' }; // the newest message of the agent's side
let unread = 0;

async function comeBack(earlier: Session): Promise<void> {
  frame.notice('');
  try {
    enter(await refresh(page, earlier), false);
  } catch (error) {
    if (isOver(error)) startAnew(lost(earlier));
    else frame.notice(texts.status.failed, () => void comeBack(earlier));
  }
}

/** A member's persistent chat is found again; any other is another one, and that is said. */
const lost = ({ subject }: Session) => (page.persistent && subject ? '' : texts.expired);

const isOver = (error: unknown) => error instanceof Refused && [401, 403, 404, 410].includes(error.status);

function startAnew(reason = ''): void {
  memory.clear();
  room?.remove();
  room = session = null;
  frame.chatting(false);
  frame.status(null);
  welcome();
  frame.notice(reason);
}

function welcome(): void {
  frame.notice('');
  frame.stage.replaceChildren();
  if (!page.survey.length) return void start({});
  frame.stage.append(survey(page.survey, texts, page.locale, (answers) => void start(answers)));
  if (host.focus) opened();
}

async function start(answers: Record<string, string>): Promise<void> {
  frame.notice('');
  frame.status('connecting');
  try {
    enter(await begin(page, answers, await host.token()), page.survey.length > 0);
  } catch (error) {
    frame.status(null);
    frame.notice(whyNot(error), () => void start(answers));
  }
}

function whyNot(error: unknown): string {
  const status = error instanceof Refused ? error.status : 0;
  return status === 403 ? texts.refused : status === 429 ? texts.tooMany : texts.status.failed;
}

function enter(fresh: Session, anew: boolean): void {
  keep(fresh);
  room?.remove();
  agent = false;
  const element = document.createElement('div');
  element.className = 'room';
  frame.stage.replaceChildren(element);
  frame.chatting(true);
  room = new Room(page, texts, fresh, element, {
    status: (now) => {
      if (now === 'failed') frame.notice(texts.status.failed, () => void comeBack(fresh));
      agent = agent || now === 'agent';
      frame.status(now === 'online' && agent ? 'agent' : now);
    },
    message: heard,
    renewed: keep,
    ended: () => void (page.persistent ? (agent = false) : over()),
    expired: () => startAnew(lost(fresh)),
  });
  if (anew || host.focus) room.focus();
}

function keep(fresh: Session): void {
  session = { ...fresh, seen: session?.seen ?? fresh.seen };
  memory.write(session);
}

function heard(id: string, sentAt: string): void {
  if (sentAt >= newest.sentAt) newest = { id, sentAt };
  if (host.visible) shown();
  else if (sentAt > (session?.seen ?? '')) host.unread(++unread);
}

function shown(): void {
  host.unread((unread = 0));
  if (!session || newest.sentAt <= session.seen) return;
  session.seen = newest.sentAt;
  keep(session);
  room?.read(newest.id);
}

/** The widget was opened: the cursor goes where something can be written. */
function opened(): void {
  if (room) room.focus();
  else frame.stage.querySelector<HTMLElement>('input, select')?.focus();
}

async function end(): Promise<void> {
  try {
    await room?.end();
    over();
  } catch {
    frame.notice(texts.endFailed);
  }
}

function over(): void {
  memory.clear();
  room?.close();
  frame.status('ended');
  frame.ended(() => startAnew());
}

async function download(): Promise<void> {
  if (!session) return;
  try {
    const file = URL.createObjectURL(await transcript(page, session));
    Object.assign(document.createElement('a'), { href: file, download: `${page.account}.txt` }).click();
    URL.revokeObjectURL(file);
  } catch {
    frame.notice(texts.transcriptFailed);
  }
}

const [earlier, token] = await Promise.all([memory.read(), host.token()]);
// Who signed out, or in as somebody else, has left the earlier conversation.
if (earlier?.subject === subjectOf(token)) await comeBack(earlier);
else startAnew();
