"""Everything a person says or clicks, without knowing on which platform it was said.

Owns the turn, the router, the conversations (SOS, check-in, desk, enrolment) and the desk console's pages.
Decisions are pure: `(state, event, facts) -> (state, effects)`, with the time and every id among the facts.
"""
