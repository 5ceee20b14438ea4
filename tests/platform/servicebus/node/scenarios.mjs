// What the unmodified JavaScript SDK sees of the emulator; prints one JSON document that the test asserts.
import { ServiceBusClient } from "@azure/service-bus";

const client = new ServiceBusClient(process.env.CONNECTION_STRING, { retryOptions: { maxRetries: 0 } });
const WAIT = 10000;

async function one(receiver) {
  const [message] = await receiver.receiveMessages(1, { maxWaitTimeInMs: WAIT });
  return message;
}

async function settling() {
  const sender = client.createSender("node");
  const receiver = client.createReceiver("node");
  const buried = client.createReceiver("node", { subQueueType: "deadLetter" });
  const batch = await sender.createMessageBatch();
  for (const body of ["complete", "abandon", "defer", "bury"]) {
    batch.tryAddMessage({ body, messageId: body, applicationProperties: { kept: 7 } });
  }
  await sender.sendMessages(batch);
  const seen = [];
  let deferred;
  for (let left = 5; left > 0; left--) {
    const message = await one(receiver);
    seen.push([message.body, message.deliveryCount]);
    if (message.body === "complete") await receiver.completeMessage(message);
    else if (message.body === "abandon" && message.deliveryCount === 0)
      await receiver.abandonMessage(message, { noted: "yes" });
    else if (message.body === "abandon") {
      seen.push(message.applicationProperties.noted);
      await receiver.renewMessageLock(message);
      await receiver.completeMessage(message);
    } else if (message.body === "defer") {
      deferred = message.sequenceNumber;
      await receiver.deferMessage(message);
    } else await receiver.deadLetterMessage(message, { deadLetterReason: "r", deadLetterErrorDescription: "d" });
  }
  const [back] = await receiver.receiveDeferredMessages(deferred);
  await receiver.completeMessage(back);
  const dead = await one(buried);
  await buried.completeMessage(dead);
  const empty = await receiver.receiveMessages(1, { maxWaitTimeInMs: 300 });
  await Promise.all([sender, receiver, buried].map((link) => link.close()));
  return {
    seen,
    deferred: back.body,
    dead: [dead.body, dead.deadLetterReason, dead.deadLetterErrorDescription, dead.applicationProperties.kept],
    left: empty.length,
  };
}

async function scheduling() {
  const sender = client.createSender("node");
  const receiver = client.createReceiver("node", { receiveMode: "receiveAndDelete" });
  const later = new Date(Date.now() + 3600e3);
  const [number] = await sender.scheduleMessages([{ body: "later" }], later);
  const [peeked] = await receiver.peekMessages(1);
  await sender.cancelScheduledMessages(number);
  await sender.sendMessages([{ body: "single in a batch" }]);
  const now = await one(receiver);
  await Promise.all([sender.close(), receiver.close()]);
  return { peeked: [peeked.body, peeked.state], now: now.body };
}

async function sessions() {
  const sender = client.createSender("node-sessions");
  await sender.sendMessages(["1", "2", "3"].map((body) => ({ body, sessionId: "s" })));
  const receiver = await client.acceptNextSession("node-sessions");
  const taken = await client.acceptSession("node-sessions", "s").catch((error) => error.code);
  await receiver.setSessionState(Buffer.from("state"));
  const state = (await receiver.getSessionState()).toString();
  const renewed = (await receiver.renewSessionLock()) > new Date();
  const bodies = [];
  while (bodies.length < 3) {
    for (const message of await receiver.receiveMessages(3, { maxWaitTimeInMs: WAIT })) {
      bodies.push(message.body);
      await receiver.completeMessage(message);
    }
  }
  await Promise.all([sender.close(), receiver.close()]);
  return { session: receiver.sessionId, taken, state, renewed, bodies };
}

async function subscribing() {
  const sender = client.createSender("node");
  const receiver = client.createReceiver("node");
  const bodies = [];
  await new Promise(async (resolve, reject) => {
    receiver.subscribe(
      {
        processMessage: async (message) => {
          bodies.push(message.body);
          if (bodies.length === 20) resolve();
        },
        processError: async (fault) => reject(fault.error),
      },
      { maxConcurrentCalls: 5 },
    );
    await sender.sendMessages(Array.from({ length: 20 }, (_, index) => ({ body: index })));
  });
  await Promise.all([sender.close(), receiver.close()]);
  return bodies.sort((a, b) => a - b);
}

async function refusals() {
  const sender = client.createSender("nowhere");
  const unknown = await sender.sendMessages({ body: "x" }).catch((error) => error.code);
  const homeless = await client
    .createSender("node-sessions")
    .sendMessages({ body: "x" })
    .catch((error) => error.message);
  return { unknown, homeless };
}

const results = {
  settling: await settling(),
  scheduling: await scheduling(),
  sessions: await sessions(),
  subscribing: await subscribing(),
  refusals: await refusals(),
};
await client.close();
console.log(JSON.stringify(results));
