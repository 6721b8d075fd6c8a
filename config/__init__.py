"""What a desk can change without touching code: settings, keys, policy data and translations.

Owns the readers and the shipped defaults (taxonomy, protocols, escalation, lexicons, words in PO files).
Imports none of our packages; `bot` reads it at the edge and passes values down.
"""
