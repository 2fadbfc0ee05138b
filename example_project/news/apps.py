"""The newsroom's only app."""

from django.apps import AppConfig


class NewsConfig(AppConfig):
    name = "example_project.news"
    label = "news"
    verbose_name = "News"
