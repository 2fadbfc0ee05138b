"""Readers see what is online; each story says to whom it went."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.views.generic import DetailView, ListView

from example_project.news.models import Story
from pigeon.models import ItemToPush


class Online:
    def get_queryset(self) -> QuerySet[Story]:
        online = Story.objects.filter(workflow_state=Story.State.ONLINE)
        return online.prefetch_related("photos", "authors")


class StoryList(Online, ListView):
    template_name = "news/story_list.html"
    context_object_name = "stories"
    paginate_by = 12


class StoryDetail(Online, DetailView):
    template_name = "news/story_detail.html"
    context_object_name = "story"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        items = ItemToPush.objects.filter(model_label="news.story", object_id=self.object.pk)
        latest = {(item.rule_name, item.destination): item for item in items.order_by("pk")}
        return super().get_context_data(**kwargs, items=latest.values())
