// The unmodified Direct Line client, with transport that does not give up: by itself the client stops polling,
// without a word, at the first answer that is not 200, 403 or 404.
import { DirectLine } from 'botframework-directlinejs';
import type { AjaxCreationMethod, AjaxRequest } from 'rxjs/observable/dom/AjaxObservable';
import { Observable } from 'rxjs/Observable';
import 'rxjs/add/observable/timer'; // the client uses it at 429, and forgot to import it
import type { Session } from './session';

const PAUSES = [1000, 2000, 5000, 10_000]; // milliseconds; the last one goes on

/** Opens the conversation of a session; `reached` hears whether the server answers. */
export function link(domain: string, session: Session, reached: (yes: boolean) => void): DirectLine {
  const { conversationId, token, webSocket, pollingInterval } = session;
  const services = { ajax: patient(reached), WebSocket: watched(reached) };
  return new DirectLine({ domain, conversationId, token, webSocket, pollingInterval, ...services });
}

function patient(reached: (yes: boolean) => void): AjaxCreationMethod {
  const ajax = (request: string | AjaxRequest) => {
    const call = Observable.ajax(request as AjaxRequest);
    if (typeof request === 'string' || request.method !== 'GET') return call;
    return call.do(() => reached(true)).retryWhen((errors) =>
      errors.mergeMap((error: { status: number }, tries) => {
        if (isFinal(error.status)) return Observable.throw(error);
        reached(false);
        return Observable.timer(PAUSES[Math.min(tries, PAUSES.length - 1)]);
      }),
    );
  };
  return Object.assign(ajax, Observable.ajax);
}

const isFinal = (status: number) => status >= 400 && status < 500 && status !== 408 && status !== 429;

function watched(reached: (yes: boolean) => void): typeof WebSocket {
  return class extends WebSocket {
    constructor(url: string | URL) {
      super(url);
      this.addEventListener('open', () => reached(true));
      this.addEventListener('close', () => reached(false));
    }
  };
}
