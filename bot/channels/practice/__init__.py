"""The practice phones: a page on loopback with pretend phones, on which a desk drills and a newcomer sees
what happens.

| Module | Owns |
|---|---|
| `phones` | what one practice run is made of: clock, people, both pretend channels, what is kept between
runs |
| `journal` | the sealed file in which it is kept |
| `story` | what is happening, in a person's words, and whose phone rings |
| `page` | the server: its address, its routes, live updates |
| `guard` | who may ask it anything |
| `static/` | the page itself: no framework, nothing from elsewhere |
"""
