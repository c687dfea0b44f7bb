//! Malformed HTTP over a raw socket. Ambiguous requests must not permit request smuggling.

use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::support::TestShop;
use crate::support::server::RealServer;

/// Sends these bytes and returns everything that the server sends back.
async fn exchange(server: &RealServer, bytes: impl AsRef<[u8]>) -> String {
    let mut stream = TcpStream::connect(server.url.trim_start_matches("http://")).await.unwrap();
    // The server can close the connection before it has read everything.
    stream.write_all(bytes.as_ref()).await.ok();
    let mut received = Vec::new();
    let silence = std::time::Duration::from_millis(400);
    let mut buffer = [0; 16 * 1024];
    while let Ok(Ok(read @ 1..)) = tokio::time::timeout(silence, stream.read(&mut buffer)).await {
        received.extend_from_slice(&buffer[..read]);
    }
    String::from_utf8_lossy(&received).into_owned()
}

/// Returns the status codes of all responses in their order.
fn statuses(received: &str) -> Vec<u16> {
    let mut responses = received.split("HTTP/1.1 ").skip(1);
    let mut found: Vec<u16> = responses.by_ref().map(|response| response[..3].parse().unwrap()).collect();
    found.extend(received.split("HTTP/1.0 ").skip(1).map(|response| response[..3].parse::<u16>().unwrap()));
    found
}

const LOGIN: &str = "{\"email\": \"x\"}";

fn login(headers: &str, body: &str) -> String {
    format!("POST /api/auth/login/ HTTP/1.1\r\nHost: shop\r\nContent-Type: application/json\r\n{headers}\r\n{body}")
}

/// Smuggled request, which the server must never handle.
const SMUGGLED: &str = "GET /health/live HTTP/1.1\r\nHost: shop\r\n\r\n";

#[actix_web::test]
async fn ambiguous_body_length_is_rejected() {
    let shop = TestShop::new().await;
    let server = shop.serve();
    let chunked = format!("0\r\n\r\n{SMUGGLED}");

    for headers in [
        "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
        "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n",
        "Content-Length: 5\r\nContent-Length: 6\r\n",
        "Content-Length: 5, 6\r\n",
        "Content-Length: +5\r\n",
        "Content-Length: -5\r\n",
        "Content-Length: 0x5\r\n",
        "Content-Length: 5 5\r\n",
        "Content-Length: 99999999999999999999999\r\n",
        "Transfer-Encoding: chunked, identity\r\n",
        "Transfer-Encoding: identity, chunked, x\r\n",
        "Transfer-Encoding: xchunked\r\n",
        "Transfer-Encoding: \u{b}chunked\r\n",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n",
    ] {
        let received = exchange(&server, login(headers, &chunked)).await;
        let statuses = statuses(&received);
        assert!(statuses.len() <= 1, "{headers:?}: two responses: {received}");
        assert!(statuses.iter().all(|status| (400..500).contains(status)), "{headers:?}: {received}");
        assert!(
            !received.contains("\"status\":\"healthy\""),
            "{headers:?}: the smuggled request succeeded: {received}"
        );
    }
    // A body with an unambiguous length reaches the handler, which rejects the incomplete login with 400.
    let clear = format!("Content-Length: {}\r\nConnection: close\r\n", LOGIN.len());
    assert_eq!(statuses(&exchange(&server, login(&clear, LOGIN)).await), [400]);
    let body = format!("{:x}\r\n{LOGIN}\r\n0\r\n\r\n", LOGIN.len());
    assert_eq!(statuses(&exchange(&server, login("Transfer-Encoding: chunked\r\n", &body)).await), [400]);
}

#[actix_web::test]
async fn malformed_chunks_are_rejected() {
    let shop = TestShop::new().await;
    let server = shop.serve();

    for chunks in [
        "x\r\n\r\n",
        "-1\r\n\r\n",
        "ffffffffffffffffff\r\nx\r\n",
        "2\r\nabc\r\n0\r\n\r\n",
        "0x2\r\n{}\r\n0\r\n\r\n",
        "2 \n{}\r\n0\r\n\r\n",
    ] {
        let received = exchange(&server, login("Transfer-Encoding: chunked\r\n", &format!("{chunks}{SMUGGLED}"))).await;
        assert!(statuses(&received).iter().all(|status| (400..500).contains(status)), "{chunks:?}: {received}");
        assert!(!received.contains("\"status\":\"healthy\""), "{chunks:?}: {received}");
    }
}

#[actix_web::test]
async fn malformed_headers_are_rejected() {
    let shop = TestShop::new().await;
    let server = shop.serve();

    for header in [
        &b"X: a\0b\r\n"[..],
        b"X\0: a\r\n",
        b"X : a\r\n",
        b" X: a\r\n",
        b"X: a\r\n folded\r\n",
        b"X: a\r\n\tfolded\r\n",
        b": a\r\n",
        b"no colon\r\n",
        b"X\xff: a\r\n",
        b"X: a\rY: b\r\n",
    ] {
        let request = [b"GET /health/live HTTP/1.1\r\nHost: shop\r\nConnection: close\r\n", header, b"\r\n"].concat();
        let received = exchange(&server, request).await;
        assert_eq!(statuses(&received), [400], "{:?}: {received}", String::from_utf8_lossy(header));
    }
}

#[actix_web::test]
async fn bare_line_feed_does_not_start_a_second_request() {
    let shop = TestShop::new().await;
    let server = shop.serve();

    let bare = "GET /api/nothing/ HTTP/1.1\nHost: shop\nConnection: close\n\n";
    let received = exchange(&server, bare).await;
    assert!(matches!(statuses(&received)[..], [400 | 404]), "{received}");
    // A bare line feed does not end a header, unlike in some proxies.
    let hidden = format!("GET /api/nothing/ HTTP/1.1\r\nHost: shop\r\nX: a\n\n{SMUGGLED}");
    let received = exchange(&server, hidden).await;
    assert!(statuses(&received).len() <= 2, "{received}");
}

#[actix_web::test]
async fn malformed_request_lines_are_rejected() {
    let shop = TestShop::new().await;
    let server = shop.serve();

    for line in [
        "GET  /health/live HTTP/1.1",
        "GET /health/live",
        "GET /health/live HTTP/9.9",
        "GET /health/live HTTP/1.1 x",
        "GET /health live HTTP/1.1",
        "/health/live HTTP/1.1",
        "GE\0T /health/live HTTP/1.1",
        "GET /health/\0live HTTP/1.1",
        "\u{16}\u{3}\u{1}\u{2}",
        "PRI * HTTP/2.0",
    ] {
        let received = exchange(&server, format!("{line}\r\nHost: shop\r\n\r\n")).await;
        assert!(statuses(&received).iter().all(|status| (400..500).contains(status)), "{line:?}: {received}");
        assert!(!received.contains("\"status\":\"healthy\""), "{line:?}: {received}");
    }
}

#[actix_web::test]
async fn absolute_request_target_is_not_proxied() {
    let shop = TestShop::new().await;
    shop.product("Mug").create();
    shop.product("Pot").create();
    let server = shop.serve();

    for target in ["http://evil.example/api/products/?page_size=1", "http://169.254.169.254/api/products/?page_size=1"]
    {
        let request = format!("GET {target} HTTP/1.1\r\nHost: shop.example\r\nConnection: close\r\n\r\n");
        let received = exchange(&server, request).await;
        assert!(matches!(statuses(&received)[..], [200 | 400 | 404 | 421]), "{received}");
        assert!(!received.contains("evil.example") && !received.contains("169.254"), "{received}");
    }
    for request in [
        "CONNECT evil.example:443 HTTP/1.1\r\nHost: evil.example:443\r\n\r\n",
        "GET * HTTP/1.1\r\nHost: shop\r\nConnection: close\r\n\r\n",
        "GET //evil.example/%2f.. HTTP/1.1\r\nHost: shop\r\nConnection: close\r\n\r\n",
    ] {
        let received = exchange(&server, request).await;
        assert!(statuses(&received).iter().all(|status| (400..500).contains(status)), "{request}: {received}");
        assert!(!received.to_lowercase().contains("\nlocation:"), "{received}");
    }
}

#[actix_web::test]
async fn oversized_request_head_is_rejected() {
    let shop = TestShop::new().await;
    let server = shop.serve();
    let get =
        |path: &str, headers: &str| format!("GET {path} HTTP/1.1\r\nHost: shop\r\n{headers}Connection: close\r\n\r\n");
    let x = |count: usize| "x".repeat(count);

    for length in [8 * 1024, 60 * 1024] {
        let received = exchange(&server, get(&format!("/api/products/?a={}", x(length)), "")).await;
        assert_eq!(statuses(&received), [414], "{}", &received[..received.len().min(300)]);
        assert!(received.contains("request_too_large"), "{received}");
    }
    // The HTTP parser rejects a URL of more than 64 kB as malformed.
    let received = exchange(&server, get(&format!("/api/products/?a={}", x(64 * 1024)), "")).await;
    assert_eq!(statuses(&received), [400], "{}", &received[..received.len().min(300)]);
    let received = exchange(&server, get("/api/products/", &format!("X: {}\r\n", x(64 * 1024)))).await;
    assert_eq!(statuses(&received), [431], "{}", &received[..received.len().min(300)]);
    for headers in [format!("X: {}\r\n", x(1 << 20)), "X: y\r\n".repeat(10_000), format!("{}: y\r\n", x(1 << 20))] {
        let received = exchange(&server, get("/api/products/", &headers)).await;
        assert!(
            statuses(&received).iter().all(|status| [400, 431].contains(status)),
            "{}",
            &received[..received.len().min(300)]
        );
    }
    let received = exchange(&server, get(&format!("/api/products/?a={}", x(4 * 1024)), "")).await;
    assert_eq!(statuses(&received), [200]);
}

#[actix_web::test]
async fn method_override_is_ignored() {
    let shop = TestShop::new().await;
    let staff = shop.staff().await;
    let mugs = shop.category("Mugs", None);
    let before = staff.get("/api/categories/").await.expect(200);

    for header in ["x-http-method-override", "x-http-method", "x-method-override", "_method"] {
        let client = staff.with_header(header, "DELETE");
        let url = format!("/api/categories/{mugs}/");
        assert_eq!(client.get(&url).await.status, 200, "{header}");
        assert_eq!(client.post(&url, json!({"_method": "DELETE"})).await.status, 405, "{header}");
        assert_eq!(client.get(&format!("{url}?_method=DELETE&method=DELETE")).await.status, 200, "{header}");
    }
    assert_eq!(staff.get("/api/categories/").await.expect(200), before);
}

#[actix_web::test]
async fn trace_and_unknown_methods_are_rejected() {
    let shop = TestShop::new().await;
    let server = shop.serve();

    for method in ["TRACE", "TRACK", "CONNECT", "PROPFIND", "get", "BREW"] {
        let request = format!(
            "{method} /api/products/ HTTP/1.1\r\nHost: shop\r\nX-Secret: swordfish\r\nConnection: close\r\n\r\n"
        );
        let received = exchange(&server, request).await;
        assert!(matches!(statuses(&received)[..], [400 | 405]), "{method}: {received}");
        assert!(!received.contains("swordfish"), "{received}");
    }
}

#[actix_web::test]
async fn oversized_content_length_is_rejected_before_the_body_arrives() {
    let shop = TestShop::new().await;
    let server = shop.serve();

    // The client declares a gigabyte and sends one byte.
    let received = exchange(&server, login("Content-Length: 1073741824\r\n", "{")).await;
    assert_eq!(statuses(&received), [413], "{received}");
    let multipart = "POST /api/auth/login/ HTTP/1.1\r\nHost: shop\r\nContent-Type: multipart/form-data; boundary=x\r\n\
                     Content-Length: 1073741824\r\n\r\n--x\r\n";
    assert_eq!(statuses(&exchange(&server, multipart).await), [413]);
    // The server counts the bytes of a chunked body.
    let chunk = format!("10000\r\n{}\r\n", " ".repeat(0x10000));
    let endless = login("Transfer-Encoding: chunked\r\n", &chunk.repeat(32));
    assert_eq!(statuses(&exchange(&server, endless).await), [413]);
    // The server still works.
    let alive = exchange(&server, "GET /health/live HTTP/1.1\r\nHost: shop\r\nConnection: close\r\n\r\n").await;
    assert_eq!(statuses(&alive), [200]);
}
