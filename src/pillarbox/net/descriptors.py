"""How many files and connections this process may have open at a time."""

import resource


def allow_descriptors(count: int) -> int:
    """Raise our own limit to so many, as far as the system lets us; return what it is now."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY or soft >= count:
        return count
    allowed = count if hard == resource.RLIM_INFINITY else min(count, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (allowed, hard))
    return allowed
