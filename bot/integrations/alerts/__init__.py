"""Alerts to the operator: which ones are new, their text, and the channels that carry them."""
