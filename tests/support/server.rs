//! Server on a real TCP port.

use std::net::TcpListener;

use actix_web::dev::ServerHandle;
use mercer::server;
use reqwest::{Method, RequestBuilder};

use super::shop::TestShop;

/// Server that runs until it is dropped.
pub struct RealServer {
    pub url: String,
    handle: ServerHandle,
    http: reqwest::Client,
}

impl TestShop {
    /// Serves this shop on a free port.
    pub fn serve(&self) -> RealServer {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let server = server::serve(self.app.clone(), listener).unwrap();
        let handle = server.handle();
        actix_web::rt::spawn(server);
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        RealServer { url, handle, http }
    }
}

impl RealServer {
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.http.request(method, format!("{}{path}", self.url))
    }
}

impl Drop for RealServer {
    fn drop(&mut self) {
        // The command is sent at once; the future only waits for the end.
        drop(self.handle.stop(false));
    }
}
