"""Sphinx's settings for the site; `python -m docs.site` uses them."""

project = "Dialtone Kit"
author = "The Dialtone Kit maintainers"
html_title = project
language = "en"

extensions = ["myst_nb"]
exclude_patterns = ["static"]
nb_execution_mode = "off"  # running.py has run them
nb_merge_streams = True
nb_ipywidgets_js: dict[str, str] = {}  # static/still.js draws the widgets
myst_enable_extensions: list[str] = []  # no mathematics, and so no MathJax
myst_heading_anchors = 4

html_theme = "furo"
html_favicon = "static/icon.svg"
html_css_files = ["kit/kit.css", "site.css"]
html_js_files = [("still.js", {"type": "module"}), ("theme.js", {"type": "module"})]
html_permalinks = False  # the keyboard can't reach them; the table of contents has the same links
html_show_sphinx = False
html_show_sourcelink = False
html_copy_source = False
html_show_copyright = False
html_show_search_summary = False  # it would quote what is folded

# JupyterLab's variables, from which all that the kit shows takes its colours, in both themes.
_BOTH = {
    "jp-layout-color0": "var(--color-background-primary)",
    "jp-layout-color1": "var(--color-background-primary)",
    "jp-layout-color2": "var(--color-background-secondary)",
    "jp-border-color1": "var(--color-background-border)",
    "jp-border-color2": "var(--color-background-border)",
    "jp-content-font-color1": "var(--color-foreground-primary)",
    "jp-ui-font-color1": "var(--color-foreground-primary)",
    "jp-ui-font-color2": "var(--color-foreground-secondary)",
    "jp-ui-font-family": "var(--font-stack)",
    "jp-code-font-family": "var(--font-stack--monospace)",
    "jp-ui-font-size1": "13px",
}
html_theme_options = {
    "light_css_variables": {
        **_BOTH,
        "color-brand-primary": "#0a5cad",
        "color-brand-content": "#0a5cad",
        "jp-brand-color1": "#0a5cad",
        "jp-ui-inverse-font-color1": "#fff",
        "jp-success-color1": "#2e7d32",
        "jp-warn-color1": "#b25d00",
        "jp-error-color1": "#c62828",
    },
    "dark_css_variables": {
        **_BOTH,
        "color-brand-primary": "#64b5f6",
        "color-brand-content": "#64b5f6",
        "jp-brand-color1": "#64b5f6",
        "jp-ui-inverse-font-color1": "#111",
        "jp-success-color1": "#81c784",
        "jp-warn-color1": "#ffb74d",
        "jp-error-color1": "#e57373",
    },
}
