"""What ringfence found of a change of policy: results that can be attested and sealed."""
