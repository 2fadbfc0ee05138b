"""The dashboard's views, a module for each page."""
