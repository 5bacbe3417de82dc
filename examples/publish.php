<?php
// Publishes one invoice to xerelay. Needs php-amqplib 3.2 or newer (composer require php-amqplib/php-amqplib).
// Exits 0 after the broker's confirm, 1 when the event is not safe: publish it again later, with the same id.

require_once 'vendor/autoload.php';

use PhpAmqpLib\Connection\AbstractConnection;
use PhpAmqpLib\Connection\AMQPConnectionConfig;
use PhpAmqpLib\Connection\AMQPConnectionFactory;
use PhpAmqpLib\Message\AMQPMessage;

const CONFIRM_TIMEOUT_S = 30;
const RPC_TIMEOUT_S = 3; // at most the read and write timeouts, which are 3 unless set

function money(float|string $amount): string
{
    return number_format((float) $amount, 2, '.', '');
}

// of what the rows of the message say: a sum of exact amounts may round to another cent
function gross(float|string $net, float|string $tax): string
{
    return money((float) money($net) + (float) money($tax));
}

function oneLine(string $text): string
{
    $clean = preg_replace('/[\s\p{Cc}]+/u', ' ', mb_scrub($text, 'UTF-8'));
    return mb_substr(trim($clean), 0, 255);
}

function utc(string $moment): string
{
    return (new DateTimeImmutable($moment))->setTimezone(new DateTimeZone('UTC'))->format('Y-m-d\TH:i:s.u\Z');
}

function invoiceEvent(array $invoice, string $organisation): array
{
    $type = 'store.invoice.changed';
    // the same version of the same invoice always has the same id, so that a repeat is known as one
    $id = hash('sha256', "lamp_store/invoice/{$invoice['id']}/{$invoice['updated_at']}");
    return [
        'specversion' => '1.0',
        'id' => $id,
        'source' => 'lamp_store',
        'type' => $type,
        'subject' => $invoice['id'],
        'time' => utc('now'),
        'dataschema' => "urn:xerelay:$type:1",
        'organisation' => $organisation,
        'entityversion' => utc($invoice['updated_at']),
        'data' => [
            'id' => $invoice['id'],
            'number' => $invoice['number'],
            'order_id' => $invoice['order_id'],
            'order_number' => $invoice['order_number'],
            'currency' => $invoice['currency'],
            'date' => $invoice['date'],
            'customer' => ['name' => oneLine($invoice['customer']), 'email' => oneLine($invoice['email'])],
            'lines' => array_map(fn (array $row) => [
                'sku' => $row['sku'],
                'name' => oneLine($row['name']),
                'kind' => $row['kind'],
                'quantity' => (string) $row['quantity'],
                'net' => money($row['net']),
                'tax' => money($row['tax']),
                'gross' => gross($row['net'], $row['tax']),
                'tax_rate' => isset($row['tax_rate']) ? (string) $row['tax_rate'] : null,
            ], $invoice['rows']),
            'totals' => [
                'net' => money($invoice['net']),
                'tax' => money($invoice['tax']),
                'gross' => gross($invoice['net'], $invoice['tax']),
            ],
        ],
    ];
}

function publish(array $event, string $lane, string $entity): void
{
    $config = new AMQPConnectionConfig();
    $config->setHost(getenv('AMQP_HOST') ?: '127.0.0.1');
    $config->setPort((int) (getenv('AMQP_PORT') ?: 5672));
    $config->setUser(getenv('AMQP_USER') ?: 'guest');
    $config->setPassword(getenv('AMQP_PASSWORD') ?: 'guest');
    // unless it is set, a broker that falls silent is waited for without end: by the channel, and by what closes it
    $config->setChannelRPCTimeout(RPC_TIMEOUT_S);
    $connection = AMQPConnectionFactory::create($config);
    try {
        send($connection, $event, "{$event['organisation']}.$lane.$entity");
    } finally {
        close($connection);
    }
}

// Throws unless a queue has the event: a broker without the exchange closes the channel, which the wait throws as well.
function send(AbstractConnection $connection, array $event, string $routingKey): void
{
    $channel = $connection->channel();
    $channel->confirm_select();
    $confirmed = false;
    $channel->set_ack_handler(function () use (&$confirmed) {
        $confirmed = true;
    });
    // a message that no queue takes is returned first and acknowledged after: the acknowledgement alone is no proof
    $returned = false;
    $channel->set_return_listener(function () use (&$returned) {
        $returned = true;
    });

    $message = new AMQPMessage(json_encode($event, JSON_THROW_ON_ERROR | JSON_UNESCAPED_UNICODE), [
        'content_type' => 'application/cloudevents+json',
        'delivery_mode' => AMQPMessage::DELIVERY_MODE_PERSISTENT,
        'message_id' => $event['id'],
    ]);
    $channel->basic_publish($message, 'xerelay.events', $routingKey, true);
    $channel->wait_for_pending_acks_returns(CONFIRM_TIMEOUT_S);
    if ($returned) {
        throw new RuntimeException("organisation {$event['organisation']} has no queues yet: start its worker once");
    }
    if (!$confirmed) {
        throw new RuntimeException('the broker refused the event');
    }
}

function close(AbstractConnection $connection): void
{
    try {
        $connection->close();
    } catch (Throwable) {
        // what is broken or silent does not close, and the confirm alone says whether the event is safe
    }
}

$invoice = [
    'id' => '401', 'number' => '000000401', 'order_id' => '310', 'order_number' => '000000310',
    'updated_at' => '2026-03-02 11:02:33 Europe/Berlin', 'date' => '2026-03-02', 'currency' => 'EUR',
    'customer' => 'Ada Brandt', 'email' => 'ada.brandt@example.com', 'net' => 136.97, 'tax' => 26.03,
    'rows' => [
        ['sku' => 'LAMP-01', 'name' => 'Table lamp', 'kind' => 'goods', 'quantity' => 2, 'net' => 132.77,
            'tax' => 25.23, 'tax_rate' => 19],
        ['sku' => '', 'name' => 'Parcel', 'kind' => 'shipping', 'quantity' => 1, 'net' => 4.20, 'tax' => 0.80,
            'tax_rate' => 19],
    ],
];
try {
    publish(invoiceEvent($invoice, $argv[1] ?? 'main'), 'immediate', 'invoice');
} catch (Throwable $error) {
    fwrite(STDERR, 'not published: ' . $error->getMessage() . PHP_EOL);
    exit(1);
}
echo 'published and confirmed', PHP_EOL;
