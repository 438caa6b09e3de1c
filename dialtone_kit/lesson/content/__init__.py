"""The lessons: one folder each, with its questions and its checks. `catalog` finds them."""
