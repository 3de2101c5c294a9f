"""``greenroom bot add``: the conversation, and what it asks, writes and tries."""
