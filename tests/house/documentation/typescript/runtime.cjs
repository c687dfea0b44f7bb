// Runtime of the programs of a page. The environment variable PAGE is the origin of the simulated browser page; without
// it, the program is not a page, and this file only compensates differences between versions of node.
"use strict";

// Node 18 has no global `crypto`.
globalThis.crypto ??= require("node:crypto").webcrypto;

const page = process.env.PAGE && new URL(process.env.PAGE);
if (page) {
  simulateBrowser(page.origin);
}

// Simulates what sign-in needs: URLs are relative to the page, cookies are stored and sent, scripts cannot read HttpOnly
// cookies, and they cannot set the Origin header.
function simulateBrowser(origin) {
  const jar = new Map();
  const nodeFetch = globalThis.fetch;

  globalThis.location = Object.freeze({ origin, href: `${origin}/` });
  globalThis.document = Object.freeze({
    get cookie() {
      const readable = [...jar].filter(([, cookie]) => !cookie.isHttpOnly);
      return readable.map(([name, cookie]) => `${name}=${cookie.value}`).join("; ");
    },
  });

  globalThis.fetch = async (address, init = {}) => {
    const url = new URL(address, origin);
    const method = (init.method ?? "GET").toUpperCase();
    const headers = new Headers(init.headers);
    for (const forbidden of ["cookie", "origin"]) {
      headers.delete(forbidden);
    }
    const isOwn = url.origin === origin;
    if (!isOwn || !["GET", "HEAD"].includes(method)) {
      headers.set("origin", origin);
    }
    const credentials = init.credentials ?? "same-origin";
    const canUseCookies = isOwn && credentials !== "omit";
    if (canUseCookies && jar.size > 0) {
      headers.set("cookie", [...jar].map(([name, cookie]) => `${name}=${cookie.value}`).join("; "));
    }
    const response = await nodeFetch(url, { ...init, method, headers });
    if (canUseCookies) {
      response.headers.getSetCookie().forEach((line) => storeCookie(jar, line));
    }
    const visible = new Headers(response.headers);
    visible.delete("set-cookie");
    return new Response(response.body, { status: response.status, statusText: response.statusText, headers: visible });
  };
}

// Stores the cookie of a Set-Cookie line. A cookie with the prefix __Host- is discarded if it violates the prefix rules.
function storeCookie(jar, line) {
  const [pair, ...attributes] = line.split(";").map((part) => part.trim());
  const equals = pair.indexOf("=");
  const [name, value] = [pair.slice(0, equals), pair.slice(equals + 1)];
  const options = new Map(attributes.map((attribute) => attribute.toLowerCase().split("=")));
  const hasHostPrefix = name.startsWith("__Host-");
  if (hasHostPrefix && !(options.has("secure") && options.get("path") === "/" && !options.has("domain"))) {
    return;
  }
  jar.delete(name);
  if (!(Number(options.get("max-age")) <= 0)) {
    jar.set(name, { value, isHttpOnly: options.has("httponly") });
  }
}
