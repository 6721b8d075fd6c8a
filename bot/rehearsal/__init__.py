"""Rehearsals: a script of a story, played against a throw-away store and a simulated clock."""
