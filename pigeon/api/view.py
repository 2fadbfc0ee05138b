"""What all addresses of the API have in common."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from django.utils.cache import add_never_cache_headers
from rest_framework.authentication import BaseAuthentication
from rest_framework.renderers import JSONRenderer
from rest_framework.views import APIView

from pigeon.api.access import HasPermission, authenticators
from pigeon.api.body import BodyParser
from pigeon.api.described import DescribedSchema
from pigeon.api.parameters import Parameters, plain
from pigeon.api.problems import answer_problem


class View(APIView):
    """JSON in, JSON out, for users with permissions; independent of the site's own API.

    How often somebody may ask is the site's ``DEFAULT_THROTTLE_CLASSES``.
    """

    schema = DescribedSchema()
    renderer_classes = (JSONRenderer,)
    parser_classes = (BodyParser,)
    permission_classes = (HasPermission,)
    versioning_class = None
    http_method_names = ["get", "head", "post"]
    #: Method → permission; what is not named here needs that for seeing.
    permissions: Mapping[str, str] = {}

    def get_authenticators(self) -> list[BaseAuthentication]:
        """Ways to say who asks."""
        return authenticators()

    def get_exception_handler(self) -> Callable[..., Any]:
        """What answers refusals."""
        return answer_problem

    def finalize_response(self, request: Any, response: Any, *args: Any, **kwargs: Any) -> Any:
        """The answer, for now only: the site's cache would give it to who may ask no longer."""
        answer = super().finalize_response(request, response, *args, **kwargs)
        add_never_cache_headers(answer)
        return answer

    def parameters(self, declared: type[Parameters]) -> dict[str, Any]:
        """The parameters of the URL. Raises ``ValidationError`` if one is wrong."""
        return _checked(declared, plain(self.request.query_params, declared().get_fields()))

    def body(self, declared: type[Parameters]) -> dict[str, Any]:
        """The members of the body. Raises ``ValidationError`` if one is wrong."""
        return _checked(declared, self.request.data)


def _checked(declared: type[Parameters], data: Any) -> dict[str, Any]:
    serializer = declared(data=data)
    serializer.is_valid(raise_exception=True)
    values: dict[str, Any] = serializer.validated_data
    return values
