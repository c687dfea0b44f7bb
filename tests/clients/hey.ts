// Places an order with the client of @hey-api/openapi-ts.
import { check } from "./check.js";
import { createClient, createConfig } from "./hey/client/index.js";
import { authTokenCreate, ordersCreate, ordersRetrieve } from "./hey/sdk.gen.js";
import type { AddressRequest } from "./hey/types.gen.js";

export async function placeOrder(baseUrl: string): Promise<void> {
  const guest = createClient(createConfig({ baseUrl }));
  const tokens = await authTokenCreate({ client: guest, body: { email: "ana@example.com", password: "mercer-demo" } });
  check(tokens.data !== undefined, "sign-in succeeds");
  const auth = tokens.data.access;
  const client = createClient(createConfig({ baseUrl, auth }));

  const address: AddressRequest = {
    name: "Ana Wanjiru", line1: "Moi Avenue 12", city: "Nairobi", postal_code: "00100", country: "KE",
  };
  const order = (quantity: number, email = "ana@example.com") =>
    ordersCreate({
      client,
      body: { email, shipping_address: address, lines: [{ sku: "MUG-ENAMEL-01", quantity }] },
    });

  const placed = await order(1);
  check(placed.data !== undefined && placed.response.status === 201, "the order is placed");
  const read = await ordersRetrieve({ client, path: { id: placed.data.id } });
  check(read.data?.total_gross === placed.data.total_gross, "the order is read back");
  check(read.data.lines[0]?.quantity === 1, "its line has one piece");

  const invalid = await order(1, "ana");
  check(invalid.error !== undefined && invalid.response.status === 400, "an invalid e-mail address is rejected");
  check("email" in invalid.error, "the response names the field");

  const shortage = await order(5000);
  check(shortage.error !== undefined && shortage.response.status === 409, "the stock is insufficient");
  check(shortage.error.code === "out_of_stock", "the response has the code");
}
