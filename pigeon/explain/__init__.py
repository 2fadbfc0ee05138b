"""The work behind ``pigeon_explain``: everything that is known about one object."""

from pigeon.explain.object import Explanation, explain

__all__ = ["Explanation", "explain"]
