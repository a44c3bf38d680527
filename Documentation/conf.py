# SPDX-License-Identifier: GPL-2.0-only
"""Sphinx configuration of `make htmldocs`, which copies this folder to build/docs.

KERNEL_SOURCE is a kernel's source tree, for its kernel-doc extension.
"""

import os
import sys

kernel_source = os.environ["KERNEL_SOURCE"]
sys.path.insert(0, os.path.join(kernel_source, "Documentation", "sphinx"))

project = "amt_lme"
copyright = "the amt_lme authors"
extensions = ["kerneldoc"]
kerneldoc_bin = os.path.join(kernel_source, "scripts", "kernel-doc")
kerneldoc_srctree = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
exclude_patterns = ["netlink/specs"]
highlight_language = "none"
html_theme = "alabaster"
man_pages = [
    ("amm", "amt-helper-amm", "what an AKM Management Module knows", "", 8),
]
