// Publishes one event from a file to xerelay: node publish.mjs FILE LANE. Needs amqplib 0.10 or newer.
// Exits 0 after the broker's confirm, 1 when the event is not safe: publish it again later, with the same id.

import { readFile } from 'node:fs/promises';
import amqp from 'amqplib';

const [file, lane = 'immediate'] = process.argv.slice(2);

async function publish(event) {
  const connection = await amqp.connect(process.env.AMQP_URL ?? 'amqp://guest:guest@127.0.0.1:5672/');
  try {
    const channel = await connection.createConfirmChannel();
    let returned = false;
    channel.on('return', () => { returned = true; });
    const entity = event.type.split('.')[1];
    channel.publish('xerelay.events', `${event.organisation}.${lane}.${entity}`, Buffer.from(JSON.stringify(event)), {
      contentType: 'application/cloudevents+json',
      messageId: event.id,
      persistent: true,
      mandatory: true,
    });
    await channel.waitForConfirms();
    if (returned) throw new Error(`organisation ${event.organisation} has no queues yet: start its worker once`);
  } finally {
    await connection.close();
  }
}

try {
  await publish(JSON.parse(await readFile(file, 'utf8')));
  console.log('published and confirmed');
} catch (error) {
  console.error(`not published: ${error.message}`);
  process.exitCode = 1;
}
