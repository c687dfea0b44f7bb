// Runs the typed clients against a running demo shop: `node main.js http://127.0.0.1:8000`.
import { placeOrder as withFetch } from "./fetch.js";
import { placeOrder as withHey } from "./hey.js";

const baseUrl = process.argv[2] ?? "http://127.0.0.1:8000";
await withFetch(baseUrl);
console.log("clients: openapi-typescript placed an order");
await withHey(baseUrl);
console.log("clients: hey-api placed an order");
