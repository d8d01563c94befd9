"""The intermediate representation: one tree that every front end lowers to and every back end reads."""
