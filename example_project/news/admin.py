"""Where editors write."""

from django.contrib import admin

from example_project.news.models import Author, Photo, Story


@admin.register(Story)
class StoryAdmin(admin.ModelAdmin):
    list_display = ["headline", "workflow_state", "language", "published_at"]
    list_filter = ["workflow_state", "language"]
    search_fields = ["headline", "summary", "body"]
    filter_horizontal = ["authors", "photos"]
    date_hierarchy = "published_at"


@admin.register(Photo)
class PhotoAdmin(admin.ModelAdmin):
    list_display = ["__str__", "credit", "image"]
    search_fields = ["caption", "credit"]


@admin.register(Author)
class AuthorAdmin(admin.ModelAdmin):
    search_fields = ["name"]
