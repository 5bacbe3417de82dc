"""What can go wrong between us and the broker; the package's docstring says how to react to each."""

from __future__ import annotations

from pika import exceptions
from pika.adapters.utils import connection_workflow

ACCESS_REFUSED = 403
NOT_FOUND = 404
"""Codes of a channel that the broker closes, AMQP's own: the user lacks a right on the thing; it is not there."""


class AmqpError(Exception):
    """The broker, or the way to it, did not do what was asked."""


class BadBrokerSettings(AmqpError):
    """The settings cannot work."""


class ConnectionLost(AmqpError):
    """The link is down or was lost."""


class Forbidden(AmqpError):
    """The broker does not let this user publish there: what was refused has not arrived."""


class ConfirmTimeout(AmqpError):
    """The broker did not confirm in time."""


class Unroutable(AmqpError):
    """No queue takes this routing key."""


class Nacked(AmqpError):
    """The broker refused the message."""


class TopologyMismatch(AmqpError):
    """The broker will not declare `name` as we ask. `forbidden`: this user may declare nothing, and it is not there."""

    def __init__(self, name: str, answer: str, *, forbidden: bool = False) -> None:
        super().__init__((_FORBIDDEN if forbidden else _OTHERWISE).format(name=name, answer=answer))
        self.name = name


_FORBIDDEN = (
    "{name} is not there, and the broker's user may not declare it: {answer}. "
    "Import this version's definitions, or start a worker whose user may; it is looked for again every few seconds"
)
_OTHERWISE = (
    "{name} cannot be declared as this version wants it; the broker answers: {answer}. "
    "If it exists with other arguments, let its messages be worked off, then delete it "
    "(rabbitmqctl delete_queue {name}); it is declared anew within seconds"
)


class ChannelClosed(AmqpError):
    """The broker closed the channel with `code` (404 not found, 406 precondition failed, …)."""

    def __init__(self, code: int, text: str) -> None:
        super().__init__(f"{code} {text}")
        self.code = code
        self.text = text


def describe(error: BaseException) -> str:
    """The cause, without the layers pika wraps around a failed connection; never holds the password."""
    while True:
        if isinstance(error, connection_workflow.AMQPConnectionWorkflowFailed) and error.exceptions:
            error = error.exceptions[-1]
        elif isinstance(error, connection_workflow.AMQPConnectorPhaseErrorBase):
            error = error.exception
        elif isinstance(error, exceptions.AMQPConnectionError) and error.args and isinstance(error.args[0], Exception):
            error = error.args[0]
        else:
            return f"{type(error).__name__}: {error}"
