"""Places an order with the client of openapi-python-client: `python place_order.py http://127.0.0.1:8000`."""

import sys
from uuid import UUID

from mercer_client import AuthenticatedClient, Client
from mercer_client.api.auth import auth_token_create
from mercer_client.api.orders import orders_create, orders_retrieve
from mercer_client.models import (
    AddressRequest,
    Error,
    LoginRequest,
    Order,
    OrderLineRequest,
    OrderRequest,
    TokenPair,
    ValidationError,
)


def place_order(base_url: str) -> None:
    """Places an order, reads it back, and handles a 400 and a 409."""
    login = LoginRequest(email="ana@example.com", password="mercer-demo")
    tokens = auth_token_create.sync(client=Client(base_url=base_url), body=login)
    assert isinstance(tokens, TokenPair)
    client = AuthenticatedClient(base_url=base_url, token=tokens.access)

    address = AddressRequest(
        name="Ana Wanjiru", line1="Moi Avenue 12", city="Nairobi", postal_code="00100", country="KE"
    )

    def order(quantity: int, email: str = "ana@example.com") -> OrderRequest:
        lines = [OrderLineRequest(sku="MUG-ENAMEL-01", quantity=quantity)]
        return OrderRequest(email=email, shipping_address=address, lines=lines)

    placed = orders_create.sync(client=client, body=order(1))
    assert isinstance(placed, Order)
    read = orders_retrieve.sync(str(placed.id), client=client)
    assert isinstance(read, Order)
    assert read.total_gross == placed.total_gross
    assert read.lines[0].quantity == 1

    invalid = orders_create.sync(client=client, body=order(1, "ana"))
    assert isinstance(invalid, ValidationError)
    assert "email" in invalid

    shortage = orders_create.sync(client=client, body=order(5000))
    assert isinstance(shortage, Error)
    assert shortage.code == "out_of_stock"


if __name__ == "__main__":
    place_order(sys.argv[1])
    print("clients: openapi-python-client placed an order")
