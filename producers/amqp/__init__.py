"""RabbitMQ, as the project uses it: confirmed publishing, consuming, and a link that survives.

AmqpError
├── BadBrokerSettings   the configuration cannot work: mend it
├── ConnectionLost      the link is down or was lost: what was unconfirmed may or may not have arrived
├── Forbidden           the user may not publish there: an admin must act
├── ConfirmTimeout      the broker did not confirm in time: the same uncertainty
├── Unroutable          no queue takes this routing key: mend the topology or the key
├── Nacked              the broker refuses the message: its queue is full
├── TopologyMismatch    what is on the broker differs from what is declared: an admin must act
└── ChannelClosed       the broker closed one channel, for the reason it names
"""

from producers.amqp.advice import cure, with_cure
from producers.amqp.consumer import Consumer
from producers.amqp.depths import depths
from producers.amqp.errors import (
    AmqpError,
    BadBrokerSettings,
    ChannelClosed,
    ConfirmTimeout,
    ConnectionLost,
    Forbidden,
    Nacked,
    TopologyMismatch,
    Unroutable,
)
from producers.amqp.publisher import Publisher
from producers.amqp.settings import BrokerSettings
from producers.amqp.survey import Survey, survey
from producers.amqp.taker import Delivery

__all__ = [
    "AmqpError",
    "BadBrokerSettings",
    "BrokerSettings",
    "ChannelClosed",
    "ConfirmTimeout",
    "ConnectionLost",
    "Consumer",
    "Delivery",
    "Forbidden",
    "Nacked",
    "Publisher",
    "Survey",
    "TopologyMismatch",
    "Unroutable",
    "cure",
    "depths",
    "survey",
    "with_cure",
]
