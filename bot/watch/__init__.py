"""Noticing that files have changed, while the bot stays up.

    looks (all states, now and then) ──▶ what has changed ──▶ two looks agree ──▶ a pass
    hints (the system's own events) ──▶ look now

`watch` waits for a reason, `pace` says how often to look, `hints` asks the system, `settings` reads new settings.
A look is the truth; hints are only fast.
"""
