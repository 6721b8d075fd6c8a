"""What the whole suite shares; each plugin says in its own file what it adds."""

pytest_plugins = ["tests.no_skips", "tests.fixtures_db", "tests.logging_restored"]
