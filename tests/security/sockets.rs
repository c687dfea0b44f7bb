//! HTTP as no library of a client would write it, over a real socket. What is unclear ends the connection; nobody's
//! request begins within another's.

use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::support::TestShop;
use crate::support::server::RealServer;

/// Sends these bytes and reads until the server has nothing more to say.
async fn say(server: &RealServer, bytes: impl AsRef<[u8]>) -> String {
    let mut stream = TcpStream::connect(server.url.trim_start_matches("http://")).await.unwrap();
    // The server may hang up before it has heard all.
    stream.write_all(bytes.as_ref()).await.ok();
    let mut heard = Vec::new();
    let silence = std::time::Duration::from_millis(400);
    let mut buffer = [0; 16 * 1024];
    while let Ok(Ok(read @ 1..)) = tokio::time::timeout(silence, stream.read(&mut buffer)).await {
        heard.extend_from_slice(&buffer[..read]);
    }
    String::from_utf8_lossy(&heard).into_owned()
}

/// The statuses of all answers, in their order.
fn statuses(heard: &str) -> Vec<u16> {
    let mut answers = heard.split("HTTP/1.1 ").skip(1);
    let mut found: Vec<u16> = answers.by_ref().map(|answer| answer[..3].parse().unwrap()).collect();
    found.extend(heard.split("HTTP/1.0 ").skip(1).map(|answer| answer[..3].parse::<u16>().unwrap()));
    found
}

const LOGIN: &str = "{\"email\": \"x\"}";

fn login(headers: &str, body: &str) -> String {
    format!("POST /api/auth/login/ HTTP/1.1\r\nHost: shop\r\nContent-Type: application/json\r\n{headers}\r\n{body}")
}

/// A request that must never be served: it would be the prisoner's, said in somebody else's name.
const SMUGGLED: &str = "GET /health/live HTTP/1.1\r\nHost: shop\r\n\r\n";

#[actix_web::test]
async fn a_body_of_two_lengths_is_refused() {
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
        let heard = say(&server, login(headers, &chunked)).await;
        let statuses = statuses(&heard);
        assert!(statuses.len() <= 1, "{headers:?} answered twice: {heard}");
        assert!(statuses.iter().all(|status| (400..500).contains(status)), "{headers:?}: {heard}");
        assert!(!heard.contains("\"status\":\"healthy\""), "{headers:?} lets the second one in: {heard}");
    }
    // The same twice, or a list that ends as it should, has one meaning.
    let clear = format!("Content-Length: {}\r\nConnection: close\r\n", LOGIN.len());
    assert_eq!(statuses(&say(&server, login(&clear, LOGIN)).await), [400]);
    let body = format!("{:x}\r\n{LOGIN}\r\n0\r\n\r\n", LOGIN.len());
    assert_eq!(statuses(&say(&server, login("Transfer-Encoding: chunked\r\n", &body)).await), [400]);
}

#[actix_web::test]
async fn broken_chunks_end_the_connection() {
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
        let heard = say(&server, login("Transfer-Encoding: chunked\r\n", &format!("{chunks}{SMUGGLED}"))).await;
        assert!(statuses(&heard).iter().all(|status| (400..500).contains(status)), "{chunks:?}: {heard}");
        assert!(!heard.contains("\"status\":\"healthy\""), "{chunks:?}: {heard}");
    }
}

#[actix_web::test]
async fn headers_that_are_none_are_refused() {
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
        let heard = say(&server, request).await;
        assert_eq!(statuses(&heard), [400], "{:?}: {heard}", String::from_utf8_lossy(header));
    }
}

#[actix_web::test]
async fn a_lonely_line_feed_begins_no_second_request() {
    let shop = TestShop::new().await;
    let server = shop.serve();

    let bare = "GET /api/nothing/ HTTP/1.1\nHost: shop\nConnection: close\n\n";
    let heard = say(&server, bare).await;
    assert!(matches!(statuses(&heard)[..], [400 | 404]), "{heard}");
    // A value does not end at one, as some proxies think.
    let hidden = format!("GET /api/nothing/ HTTP/1.1\r\nHost: shop\r\nX: a\n\n{SMUGGLED}");
    let heard = say(&server, hidden).await;
    assert!(statuses(&heard).len() <= 2, "{heard}");
}

#[actix_web::test]
async fn request_lines_that_are_none_are_refused() {
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
        let heard = say(&server, format!("{line}\r\nHost: shop\r\n\r\n")).await;
        assert!(statuses(&heard).iter().all(|status| (400..500).contains(status)), "{line:?}: {heard}");
        assert!(!heard.contains("\"status\":\"healthy\""), "{line:?}: {heard}");
    }
}

#[actix_web::test]
async fn a_whole_url_in_the_first_line_is_no_way_to_anywhere_else() {
    let shop = TestShop::new().await;
    shop.product("Mug").create();
    shop.product("Pot").create();
    let server = shop.serve();

    for target in ["http://evil.example/api/products/?page_size=1", "http://169.254.169.254/api/products/?page_size=1"]
    {
        let request = format!("GET {target} HTTP/1.1\r\nHost: shop.example\r\nConnection: close\r\n\r\n");
        let heard = say(&server, request).await;
        assert!(matches!(statuses(&heard)[..], [200 | 400 | 404 | 421]), "{heard}");
        assert!(!heard.contains("evil.example") && !heard.contains("169.254"), "{heard}");
    }
    for request in [
        "CONNECT evil.example:443 HTTP/1.1\r\nHost: evil.example:443\r\n\r\n",
        "GET * HTTP/1.1\r\nHost: shop\r\nConnection: close\r\n\r\n",
        "GET //evil.example/%2f.. HTTP/1.1\r\nHost: shop\r\nConnection: close\r\n\r\n",
    ] {
        let heard = say(&server, request).await;
        assert!(statuses(&heard).iter().all(|status| (400..500).contains(status)), "{request}: {heard}");
        assert!(!heard.to_lowercase().contains("\nlocation:"), "{heard}");
    }
}

#[actix_web::test]
async fn a_head_that_is_too_long_is_refused() {
    let shop = TestShop::new().await;
    let server = shop.serve();
    let get =
        |path: &str, headers: &str| format!("GET {path} HTTP/1.1\r\nHost: shop\r\n{headers}Connection: close\r\n\r\n");
    let x = |count: usize| "x".repeat(count);

    for length in [8 * 1024, 60 * 1024] {
        let heard = say(&server, get(&format!("/api/products/?a={}", x(length)), "")).await;
        assert_eq!(statuses(&heard), [414], "{}", &heard[..heard.len().min(300)]);
        assert!(heard.contains("request_too_large"), "{heard}");
    }
    // Beyond 64 kB it is no URL any more.
    let heard = say(&server, get(&format!("/api/products/?a={}", x(64 * 1024)), "")).await;
    assert_eq!(statuses(&heard), [400], "{}", &heard[..heard.len().min(300)]);
    let heard = say(&server, get("/api/products/", &format!("X: {}\r\n", x(64 * 1024)))).await;
    assert_eq!(statuses(&heard), [431], "{}", &heard[..heard.len().min(300)]);
    for headers in [format!("X: {}\r\n", x(1 << 20)), "X: y\r\n".repeat(10_000), format!("{}: y\r\n", x(1 << 20))] {
        let heard = say(&server, get("/api/products/", &headers)).await;
        assert!(
            statuses(&heard).iter().all(|status| [400, 431].contains(status)),
            "{}",
            &heard[..heard.len().min(300)]
        );
    }
    let heard = say(&server, get(&format!("/api/products/?a={}", x(4 * 1024)), "")).await;
    assert_eq!(statuses(&heard), [200]);
}

#[actix_web::test]
async fn the_method_is_the_one_in_the_first_line() {
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
async fn trace_and_methods_of_ones_own_are_answered_like_others() {
    let shop = TestShop::new().await;
    let server = shop.serve();

    for method in ["TRACE", "TRACK", "CONNECT", "PROPFIND", "get", "BREW"] {
        let request = format!(
            "{method} /api/products/ HTTP/1.1\r\nHost: shop\r\nX-Secret: swordfish\r\nConnection: close\r\n\r\n"
        );
        let heard = say(&server, request).await;
        assert!(matches!(statuses(&heard)[..], [400 | 405]), "{method}: {heard}");
        assert!(!heard.contains("swordfish"), "{heard}");
    }
}

#[actix_web::test]
async fn a_body_that_is_declared_too_large_is_not_waited_for() {
    let shop = TestShop::new().await;
    let server = shop.serve();

    // A gigabyte is announced, and nothing of it is sent.
    let heard = say(&server, login("Content-Length: 1073741824\r\n", "{")).await;
    assert_eq!(statuses(&heard), [413], "{heard}");
    let multipart = "POST /api/auth/login/ HTTP/1.1\r\nHost: shop\r\nContent-Type: multipart/form-data; boundary=x\r\n\
                     Content-Length: 1073741824\r\n\r\n--x\r\n";
    assert_eq!(statuses(&say(&server, multipart).await), [413]);
    // Without a length, it is counted on the way.
    let chunk = format!("10000\r\n{}\r\n", " ".repeat(0x10000));
    let endless = login("Transfer-Encoding: chunked\r\n", &chunk.repeat(32));
    assert_eq!(statuses(&say(&server, endless).await), [413]);
    // And the server is as it was.
    let alive = say(&server, "GET /health/live HTTP/1.1\r\nHost: shop\r\nConnection: close\r\n\r\n").await;
    assert_eq!(statuses(&alive), [200]);
}
