"""What can go wrong between us and the broker; the package's docstring says how to react to each."""

from __future__ import annotations

from pika import exceptions
from pika.adapters.utils import connection_workflow


class AmqpError(Exception):
    """The broker, or the way to it, did not do what was asked."""


class BadBrokerSettings(AmqpError):
    """The settings cannot work."""


class ConnectionLost(AmqpError):
    """The link is down or was lost."""


class ConfirmTimeout(AmqpError):
    """The broker did not confirm in time."""


class Unroutable(AmqpError):
    """No queue takes this routing key."""


class Nacked(AmqpError):
    """The broker refused the message."""


class TopologyMismatch(AmqpError):
    """The broker will not declare `name` as we ask."""

    def __init__(self, name: str, answer: str) -> None:
        super().__init__(
            f"{name} cannot be declared as this version wants it; the broker answers: {answer}. "
            f"If it exists with other arguments, let its messages be worked off, then delete it "
            f"(rabbitmqctl delete_queue {name}); it is declared anew within seconds"
        )
        self.name = name


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
