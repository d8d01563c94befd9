"""From the IR to Rego and data: everything is decided here, templates only lay it out."""
