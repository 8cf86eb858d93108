"""The PROXY protocol, versions 1 and 2: who a proxy says that it speaks for."""
