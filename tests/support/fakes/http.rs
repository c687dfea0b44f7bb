//! HTTP server that records requests and returns prepared responses.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

pub enum HttpResponse {
    Full {
        status: u16,
        headers: Vec<(&'static str, &'static str)>,
        body: String,
    },
    /// Reads the request and never responds.
    Silence,
    /// Reads the request and closes the connection.
    Disconnect,
    /// Sends fewer bytes than `Content-Length` announces.
    TruncatedBody {
        status: u16,
    },
}

impl HttpResponse {
    pub fn json(status: u16, body: &serde_json::Value) -> Self {
        Self::Full { status, headers: vec![("Content-Type", "application/json")], body: body.to_string() }
    }

    pub fn empty(status: u16, headers: &[(&'static str, &'static str)]) -> Self {
        Self::Full { status, headers: headers.to_vec(), body: String::new() }
    }
}

#[derive(Debug, Clone)]
pub struct HttpRequest {
    /// Method and path, separated by a space.
    pub target: String,
    /// Values by lower-case name.
    pub headers: HashMap<String, String>,
    pub body: String,
}

pub struct FakeHttp {
    pub port: u16,
    requests: Arc<Mutex<Vec<HttpRequest>>>,
    responses: Arc<Mutex<VecDeque<HttpResponse>>>,
}

impl FakeHttp {
    /// Starts a server that sends these responses in order, and then closes connections without a response.
    pub async fn start(responses: impl IntoIterator<Item = HttpResponse>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let fake = Self {
            port: listener.local_addr().unwrap().port(),
            requests: Arc::default(),
            responses: Arc::new(Mutex::new(responses.into_iter().collect())),
        };
        let (requests, responses) = (Arc::clone(&fake.requests), Arc::clone(&fake.responses));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, Arc::clone(&requests), Arc::clone(&responses)));
            }
        });
        fake
    }

    /// Starts a server that computes each response from the request.
    pub async fn with_handler(handler: impl Fn(&HttpRequest) -> HttpResponse + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let fake =
            Self { port: listener.local_addr().unwrap().port(), requests: Arc::default(), responses: Arc::default() };
        let (requests, handler) = (Arc::clone(&fake.requests), Arc::new(handler));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (requests, handler) = (Arc::clone(&requests), Arc::clone(&handler));
                tokio::spawn(async move {
                    let mut stream = BufReader::new(stream);
                    let Some(request) = read_request(&mut stream).await else { return };
                    let response = handler(&request);
                    requests.lock().unwrap().push(request);
                    respond(stream, response).await;
                });
            }
        });
        fake
    }

    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    pub fn requests(&self) -> Vec<HttpRequest> {
        self.requests.lock().unwrap().clone()
    }

    pub fn enqueue(&self, response: HttpResponse) {
        self.responses.lock().unwrap().push_back(response);
    }
}

async fn serve(
    stream: TcpStream,
    requests: Arc<Mutex<Vec<HttpRequest>>>,
    responses: Arc<Mutex<VecDeque<HttpResponse>>>,
) {
    let mut stream = BufReader::new(stream);
    let Some(request) = read_request(&mut stream).await else {
        return;
    };
    requests.lock().unwrap().push(request);
    let response = responses.lock().unwrap().pop_front();

    respond(stream, response.unwrap_or(HttpResponse::Disconnect)).await;
}

async fn respond(mut stream: BufReader<TcpStream>, response: HttpResponse) {
    let bytes = match response {
        HttpResponse::Disconnect => return,
        HttpResponse::Silence => std::future::pending().await,
        HttpResponse::TruncatedBody { status } => format!("HTTP/1.1 {status} Fake\r\nContent-Length: 99\r\n\r\n{{"),
        HttpResponse::Full { status, headers, body } => {
            let headers: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
            let length = body.len();
            format!("HTTP/1.1 {status} Fake\r\nContent-Length: {length}\r\nConnection: close\r\n{headers}\r\n{body}")
        }
    };
    stream.write_all(bytes.as_bytes()).await.ok();
}

async fn read_request(stream: &mut BufReader<TcpStream>) -> Option<HttpRequest> {
    let mut line = String::new();
    stream.read_line(&mut line).await.ok()?;
    let target = line.trim_end().strip_suffix(" HTTP/1.1")?.to_owned();

    let mut headers = HashMap::new();
    loop {
        let mut line = String::new();
        stream.read_line(&mut line).await.ok()?;
        let Some((name, value)) = line.split_once(':') else {
            break;
        };
        headers.insert(name.to_lowercase(), value.trim().to_owned());
    }

    let length = headers.get("content-length").map_or(0, |length| length.parse().unwrap());
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await.ok()?;
    Some(HttpRequest { target, headers, body: String::from_utf8(body).unwrap() })
}
