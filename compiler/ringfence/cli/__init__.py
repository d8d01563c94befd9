"""The command line: one file a command, and a folder for the commands of evidence."""
