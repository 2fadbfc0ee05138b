"""The JSON API; needs the extra ``api`` and ``rest_framework`` in ``INSTALLED_APPS``.

:mod:`pigeon.urls` has it at ``api/v1/``; a site without the dashboard includes
:mod:`pigeon.api.urls` by itself.
"""
