"""A broker and a database for the demo and the tests.

What the environment names, else a container, else a private process of what is installed, else an installation.
"""

from deploy.services.broker import PrivateBroker, TlsFiles
from deploy.services.ladder import broker_service, postgres_service, private_broker, private_postgres
from deploy.services.postgres import PrivatePostgres, ServerCertificate
from deploy.services.process import free_port
from deploy.services.service import Service, ServiceError

__all__ = [
    "PrivateBroker",
    "PrivatePostgres",
    "ServerCertificate",
    "Service",
    "ServiceError",
    "TlsFiles",
    "broker_service",
    "free_port",
    "postgres_service",
    "private_broker",
    "private_postgres",
]
