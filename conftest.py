"""How hard Hypothesis tries: a little in `make test`, much in `make fuzz`."""

import os

from hypothesis import settings

# No deadline: a shared machine is slow for reasons that are not the code's. The same examples
# for every run in CI: a new find there would stop a change that has nothing to do with it.
settings.register_profile("pillarbox", deadline=None, derandomize="CI" in os.environ)
settings.register_profile("fuzz", deadline=None, max_examples=4_000)
settings.load_profile("pillarbox")
