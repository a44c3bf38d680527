# SPDX-License-Identifier: GPL-2.0-only
"""Sphinx configuration of `make htmldocs`."""

project = "amt_lme"
copyright = "the amt_lme authors"
extensions = []
exclude_patterns = ["netlink"]
highlight_language = "none"
html_theme = "alabaster"
