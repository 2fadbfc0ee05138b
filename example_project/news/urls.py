"""The pages that readers see."""

from django.urls import path

from example_project.news import views

urlpatterns = [
    path("", views.StoryList.as_view(), name="stories"),
    path("stories/<int:pk>/", views.StoryDetail.as_view(), name="story"),
]
