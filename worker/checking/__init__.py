"""Whether a set-up will work, before it has to: each finding says what is wrong and what cures it."""
