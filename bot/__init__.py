"""The edge: everything that touches the world outside the process.

Owns the channels (Signal, Telegram, practice phones), delivery, the ticker, the watch, the clock and entropy
ports, the composition root that puts the parts together, and the command line. Only this package reads
`config`, and only here may anything ask for the time, a fresh id or chance.
"""
