"""What others have published about the service, word for word where programs must understand it."""

# The policy of use case 3 (strongdm/agentic-auth, USE-CASES.md).
POLICY = """permit(
  principal == Agent::"cli_code_review_agent",
  action in [Action::"repo:read", Action::"pr:comment"],
  resource in Repository::"acme-corp/*"
);
"""


def policy_for(client_id: str) -> str:
    """The policy for an agent that is registered here."""
    return POLICY.replace("cli_code_review_agent", client_id)
