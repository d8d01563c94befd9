"""The strict form of each kind of record that others make and deliver, one kind a module."""
