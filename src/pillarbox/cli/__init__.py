"""The command line: one file a noun, thin. stdout is the answer, stderr is talk."""
