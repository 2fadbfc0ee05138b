"""Figures for Prometheus, read from the database whenever they are asked for.

They are true however many workers push, and whatever restarts: no process counts anything by
itself. Needs ``prometheus-client`` (``pip install django-pigeon[prometheus]``); only
:mod:`pigeon.metrics.views` can be imported without.
"""
