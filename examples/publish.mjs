// Publishes one event from a file to xerelay: node publish.mjs FILE LANE. Needs amqplib 0.10.7 or newer.
// Exits 0 after the broker's confirm, 1 when the event is not safe: publish it again later, with the same id.

import { readFile } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';
import amqp from 'amqplib';

const TIMEOUT_MS = 30_000;
const CLOSE_MS = 2_000;
const BROKER = process.env.AMQP_URL ?? 'amqp://guest:guest@127.0.0.1:5672/';
const LANES = ['immediate', 'batch', 'backfill'];
const [file, lane = 'immediate'] = process.argv.slice(2);

async function publish(event) {
  const connection = await amqp.connect(BROKER, { timeout: TIMEOUT_MS });
  let fail;
  const failed = new Promise((_, reject) => { fail = reject; });
  failed.catch(() => {}); // it may fail after the last race
  const timer = setTimeout(() => fail(new Error(`no confirm within ${TIMEOUT_MS / 1000} s`)), TIMEOUT_MS);
  try {
    watch(connection, fail);
    const channel = await Promise.race([connection.createConfirmChannel(), failed]);
    watch(channel, fail);
    let returned = false;
    channel.on('return', () => { returned = true; });
    const entity = event.type.split('.')[1];
    channel.publish('xerelay.events', `${event.organisation}.${lane}.${entity}`, Buffer.from(JSON.stringify(event)), {
      contentType: 'application/cloudevents+json',
      messageId: event.id,
      persistent: true,
      mandatory: true,
    });
    await Promise.race([channel.waitForConfirms(), failed]);
    if (returned) throw new Error(`organisation ${event.organisation} has no queues yet: start its worker once`);
  } finally {
    clearTimeout(timer);
    await Promise.race([connection.close(), pause(CLOSE_MS)]).catch(() => {}); // what is silent does not close
  }
}

// an 'error' that nobody listens to ends the process; a broker that shuts down closes without one
function watch(emitter, fail) {
  emitter.on('error', fail);
  emitter.on('close', () => fail(new Error('the broker closed the connection')));
}

let code = 0;
try {
  if (!LANES.includes(lane)) throw new Error(`lane ${lane}: there is ${LANES.join(', ')}`);
  const event = JSON.parse(await readFile(file, 'utf8'));
  if (!event.type.startsWith('store.')) throw new Error(`${event.type} is no event: commands have an exchange of their own`);
  await publish(event);
  console.log('published and confirmed');
} catch (error) {
  console.error(`not published: ${error.message}`);
  code = 1;
}
process.exit(code); // a connection that is still open would keep the process
