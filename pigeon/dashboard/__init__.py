"""The pages on which operators see what goes where, and steer it."""
