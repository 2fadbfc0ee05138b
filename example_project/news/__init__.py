"""Stories, photos, authors; and the rules that say who gets them."""
