"""From policies to the IR: what each kind asks, of the platform and of one tenant."""
