"""What an administrator should know and mend.

`collecting.py` finds out what is so; `judging.py` and `people_and_channels.py` judge it. Judging is pure: the same
facts give the same findings, and each says what is so, why it matters, and the mend.
"""
