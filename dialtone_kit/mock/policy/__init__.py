"""Who may register and do what: Cedar policies, and the decisions that they make."""
