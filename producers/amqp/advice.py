"""What cures a broker that cannot be reached, by what was said. Pure."""

from __future__ import annotations

from producers.amqp.errors import AmqpError

_CREDENTIALS = "ACCESS_REFUSED", "Authentication"
_PLACE = "vhost", "NOT_ALLOWED", "AccessDenied"
_CURES = (
    (
        ("access to queue", "access to exchange"),
        "give the user rights on it: import the definitions anew, or rabbitmqctl set_permissions",
    ),
    (
        ("access to topic",),
        "give the user that routing key: import the definitions anew, or rabbitmqctl set_topic_permissions",
    ),
    (_PLACE, "create the virtual host that broker.url ends with, and let the user in (rabbitmqctl set_permissions)"),
    (_CREDENTIALS, "mend user and password in broker.url, or create the user (rabbitmqctl add_user)"),
    (
        ("WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE"),
        "name the port for TLS in broker.url, by default 5671, or write amqp:// if the broker is to do without",
    ),
    (("SSL", "CERTIFICATE"), "mend broker.ca_file, cert_file and key_file, and the host name in broker.url"),
    (
        ("IncompatibleProtocol",),
        "is this another service's port? RabbitMQ listens for AMQP on 5672, and for TLS on 5671",
    ),
    (
        ("did not answer",),
        "is it overloaded, or most of its cluster down (rabbitmqctl cluster_status), or is the port another service's?",
    ),
)
"""By words of what was said; the first that fits."""


def is_final(error: AmqpError) -> bool:
    """Whether the broker answered, and will not have this user or has no such virtual host."""
    return any(word in str(error) for word in _CREDENTIALS + _PLACE)


def with_cure(error: AmqpError | None) -> str:
    """The error, and what to do; None where nothing answered at all."""
    return f"{error or 'no answer'}: {cure(str(error or ''))}"


def with_known_cure(error: AmqpError) -> str:
    """The error, and what to do where it tells; who waits for one that is away need not be asked whether it is."""
    found = _known(str(error))
    return f"{error}: {found}" if found else str(error)


def cure(said: str) -> str:
    """What to mend."""
    return _known(said) or "is RabbitMQ running, and does broker.url name its host and port?"


def _known(said: str) -> str:
    return next((cured for words, cured in _CURES if any(word in said for word in words)), "")
