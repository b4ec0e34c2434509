"""The settings of the site. ``make docs`` builds it in docs/_build/html."""

from __future__ import annotations

import sys
from pathlib import Path

import recircuit

sys.path.insert(0, str(Path(__file__).parent))

project = "recircuit"
author = "The recircuit developers"
copyright = "The recircuit developers, CeCILL-2.1"
version = release = recircuit.__version__

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.mathjax",
    "numpydoc",
    "sphinx_copybutton",
    "sphinx_design",
    "extension",
]
root_doc = "index"
exclude_patterns = ["_build", "extension", "figures"]
templates_path = ["_templates"]

# Pages are Markdown. Blocks that are indented are equations or drawings, and no Python.
highlight_language = "none"
smartquotes = False  # it would change the two hyphens of an option
myst_enable_extensions = ["colon_fence", "deflist", "dollarmath"]
myst_heading_anchors = 3
suppress_warnings = ["myst.header"]  # the copied pages begin their sections where the pages that they come from do

# The reference: a page for each public name, made from its docstring.
default_role = "py:obj"  # `name` in a docstring links to the page of this name, if there is one
autosummary_generate = True
autodoc_typehints = "none"  # the docstrings name the types
autodoc_member_order = "bysource"
numpydoc_show_class_members = False  # the template of classes lists the methods, with their docstrings
numpydoc_xref_param_type = False

html_theme = "pydata_sphinx_theme"
html_title = f"recircuit {version}"
html_show_sourcelink = False
html_copy_source = False
html_static_path = ["_static"]
html_css_files = ["recircuit.css"]
html_theme_options = {
    "logo": {"text": "recircuit"},
    "header_links_before_dropdown": 7,
    "navigation_with_keys": False,
    "show_toc_level": 2,
    "footer_start": ["copyright"],
    "footer_end": ["theme-version"],
    "pygments_light_style": "a11y-high-contrast-light",
    "secondary_sidebar_items": ["page-toc"],
}
html_sidebars = {"install": [], "tour": [], "concepts": []}
copybutton_prompt_text = ">>> "
copybutton_only_copy_prompt_lines = False

# What extension/ does: whether the examples of the gallery are run if they have changed since they were run last.
recircuit_run_examples = True
