"""What xerelay can be told: one TOML file and environment variables, checked before anything connects."""

from worker.settings.load import load
from worker.settings.model import Settings
from worker.settings.organisation import OrganisationSettings
from worker.settings.problems import SettingsError

__all__ = ["OrganisationSettings", "Settings", "SettingsError", "load"]
