from __future__ import annotations

import pytest

from jupyter_kfp_mt.pipeline_spec.images import describe_image

DIGEST = "sha256:" + "0" * 64


@pytest.mark.parametrize(
    "image",
    [
        "python:3.11",
        "ghcr.io/team/train:1.4",
        "localhost:5000/train:v1",
        f"train@{DIGEST}",
        f"train:latest@{DIGEST}",
        "{{inputs.parameters.image}}",
        "{{$.inputs.parameters['pipelinechannel--image']}}",
    ],
)
def test_an_image_that_stays_needs_no_word(image: str) -> None:
    assert describe_image(image) == ""


@pytest.mark.parametrize(
    "image", ["train", "train:latest", "localhost:5000/train", "ghcr.io/team/train:latest"]
)
def test_a_tag_that_moves_is_said(image: str) -> None:
    assert describe_image(image) == f"Image {image} may change between runs."


@pytest.mark.parametrize(
    "image", ["", "Train:1", "my image:1", "train:", "a//b:1", "https://x/y:1", "train:1 "]
)
def test_what_is_no_image_is_said(image: str) -> None:
    assert describe_image(image) == f"“{image[:100]}” is not the name of an image."
