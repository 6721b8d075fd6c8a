"""The schema's history, one file a change, run by `alerts/store/schema.py`.

To add a change: write `versions/rNNNN_what.py` with the next number as `revision` and the one before as
`down_revision`, change `tables.py` to match, and raise `REVISION` in `alerts/store/schema.py`.
`tests/contract/test_migrations.py` compares the two on both databases and tries the change up and down.
"""
