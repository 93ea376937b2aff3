"""What an outsider trusts, made from the seeds themselves: what the product tells of its keys is held against it."""

from typing import Any

from schemas.note import vkey_of_seed
from schemas.package import export_key_name
from schemas.ticket import public_of
from storage.settings import StorageSettings, seed


def trust_of(settings: StorageSettings) -> dict[str, Any]:
    """The public side of the keys of a test's server, without a checkpoint."""
    origin = settings.log_origin
    return {
        "v": 1,
        "origin": origin,
        "log_vkey": vkey_of_seed(origin, seed(settings.log_key, "LOG_KEY")),
        "registry_key": public_of(seed(settings.registry_key, "REGISTRY_KEY")),
        "export_vkey": vkey_of_seed(export_key_name(origin), seed(settings.export_key, "EXPORT_KEY")),
    }
