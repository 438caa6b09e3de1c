"""HTTP: the gate, requests, responses, pages, and the OpenAPI document."""
