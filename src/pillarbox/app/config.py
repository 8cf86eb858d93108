"""The configuration: TOML into frozen values. The only place that reads it."""

import tomllib

import msgspec

from pillarbox.app.contradictions import refuse_contradictions
from pillarbox.app.home import Home
from pillarbox.app.rules import refuse_mistakes
from pillarbox.app.settings import Configuration
from pillarbox.base.errors import OperatorFault


def load(home: Home) -> Configuration:
    """Return the home's configuration; raises OperatorFault with what is wrong and where."""
    path = home.configuration
    try:
        values = tomllib.loads(path.read_text("utf-8"))
        config = msgspec.convert(values, Configuration)
    except FileNotFoundError:
        raise OperatorFault(
            'There is no {path}. Run "pillarbox init", or name another home with --home.',
            path=path,
        ) from None
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise OperatorFault("{path}: {why}.", path=path, why=error) from error
    refuse_contradictions(config, path)
    refuse_mistakes(config.collect, path)
    return config
