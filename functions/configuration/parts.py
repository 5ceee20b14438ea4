"""What the parts of the configuration document are made of."""

from typing import Annotated

from pydantic import ConfigDict, StringConstraints

from functions.message import Model

Name = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")]


class Strict(Model):
    """A part of the document."""

    model_config = ConfigDict(extra="forbid")
