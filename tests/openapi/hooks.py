"""What of the contract the document cannot say."""

import schemathesis
from schemathesis.specs.openapi.checks import response_schema_conformance

# With these the client chooses the members of the answer; the document describes it without them.
CHOOSES_MEMBERS = ("fields", "omit", "expand")


@schemathesis.check
def answer_conformance(ctx, response, case):
    """Every answer is as the document says, unless somebody asked for another."""
    query = case.query or {}
    if response.status_code < 300 and any(query.get(name) for name in CHOOSES_MEMBERS):
        return None
    return response_schema_conformance(ctx, response, case)
