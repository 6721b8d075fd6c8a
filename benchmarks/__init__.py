"""Runnable measurements of speed, memory and scale. `make bench` prints them; nothing here is asserted by a test."""
