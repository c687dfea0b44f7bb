// What programs of a page find where they run. In the environment, PAGE is the origin of the page that a browser
// shows; without it, the program is no page and this only levels node's versions.
"use strict";

// Node 18 has it, but not where browsers do.
globalThis.crypto ??= require("node:crypto").webcrypto;

const page = process.env.PAGE && new URL(process.env.PAGE);
if (page) {
  beBrowser(page.origin);
}

// As far as signing in needs one: addresses are relative to the page, cookies are kept and sent, and scripts neither
// see what is HttpOnly nor say themselves where they come from.
function beBrowser(origin) {
  const jar = new Map();
  const fetchAnything = globalThis.fetch;

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
    const mayUseCookies = isOwn && credentials !== "omit";
    if (mayUseCookies && jar.size > 0) {
      headers.set("cookie", [...jar].map(([name, cookie]) => `${name}=${cookie.value}`).join("; "));
    }
    const answer = await fetchAnything(url, { ...init, method, headers });
    if (mayUseCookies) {
      answer.headers.getSetCookie().forEach((line) => keep(jar, line));
    }
    const shown = new Headers(answer.headers);
    shown.delete("set-cookie");
    return new Response(answer.body, { status: answer.status, statusText: answer.statusText, headers: shown });
  };
}

// A line of Set-Cookie. A name that begins with __Host- is a promise: cookies that break it are thrown away.
function keep(jar, line) {
  const [pair, ...attributes] = line.split(";").map((part) => part.trim());
  const equals = pair.indexOf("=");
  const [name, value] = [pair.slice(0, equals), pair.slice(equals + 1)];
  const said = new Map(attributes.map((attribute) => attribute.toLowerCase().split("=")));
  const isPromise = name.startsWith("__Host-");
  if (isPromise && !(said.has("secure") && said.get("path") === "/" && !said.has("domain"))) {
    return;
  }
  jar.delete(name);
  if (!(Number(said.get("max-age")) <= 0)) {
    jar.set(name, { value, isHttpOnly: said.has("httponly") });
  }
}
