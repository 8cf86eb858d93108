"""Real programs that speak to Pillarbox in tests, and the tools that watch it from outside.

Each peer is found on the machine or its test skips by name. Each has its own configuration in a
temporary folder, binds loopback, and leaves no process behind. `install.sh` brings the programs.
"""
