"""Signal: through signal-cli-rest-api by signalbot for sending, through signal-cli's own socket for receiving.

The modules, from the wire inwards:

- `frames`, `places`, `words`, `parse`: what a received frame is and means. Pure.
- `gateway`: signalbot's client with time limits, and with the bodies of the gateway's errors kept.
- `outgoing`, `outcomes`: what is asked of the gateway, and what its answers mean.
- `channel`: the port.
- `supervise`: keeps the receivers (`bot.receiver`) alive where no container engine does.

This file imports none of them: the receiver process wants `frames` and none of the libraries.
"""
