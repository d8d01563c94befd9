"""The enterprise profile of a package: an export policy that is enforced, and how controls stand."""
