"""The domain: people, cases, triage, check-ins, escalation, on-call, deadlines, and the sealed store.

Owns the vocabulary that the other packages speak, the rules of protection practice, the tables and their
migrations. Knows no platform, reads no settings, and is given the time and every id as arguments.
"""
