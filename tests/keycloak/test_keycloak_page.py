"""The page about Keycloak does what it says."""

import distribution
from played import PAGE


def test_every_block_of_the_page_does_what_it_says(played):
    assert not played.flaws, "\n\n".join(played.flaws)
    assert played.count > 50


def test_the_page_fetches_the_archive_that_was_tried():
    text = PAGE.read_text()
    assert distribution.URL in text and distribution.SHA256 in text
    assert f"Keycloak {distribution.VERSION}" in " ".join(text.split())
    assert all(option in text for option in distribution.BUILD)
