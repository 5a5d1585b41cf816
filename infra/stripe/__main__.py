"""`python -m infra.stripe`: answer as Stripe would, until stopped."""

from __future__ import annotations

import argparse
import sys

import uvicorn

from infra.stripe.app import create_app
from infra.stripe.settings import Settings
from lake.kit.errors import run_command
from lake.kit.log import configure


def serve() -> int:
    """Serve on the settings' address."""
    settings = Settings()  # type: ignore[call-arg]  # the environment fills it
    uvicorn.run(create_app(settings), host=settings.host, port=settings.port, log_config=None, access_log=False)
    return 0


def main() -> int:
    """There is one verb, so there is none to type."""
    argparse.ArgumentParser(prog="python -m infra.stripe", description=__doc__).parse_args()
    configure("stripe")
    return run_command(serve)


if __name__ == "__main__":
    sys.exit(main())
