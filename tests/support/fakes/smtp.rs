//! A small SMTP server that notes what it hears and reacts as it was told.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard};

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

/// Where a delivery can be disturbed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Step {
    Greeting,
    Hello,
    Login,
    From,
    To,
    Data,
    /// After the content has arrived.
    Content,
    /// Asked whether it is still there.
    Noop,
}

#[derive(Debug, Clone, Copy)]
pub enum Reaction {
    Say(&'static str),
    SayAndHangUp(&'static str),
    HangUp,
    /// The connection stays open, and nothing comes.
    Silence,
}

#[derive(Default)]
pub struct Seen {
    pub connections: usize,
    pub commands: Vec<String>,
    /// The content of every mail that arrived whole, accepted or not.
    pub mails: Vec<String>,
}

pub struct FakeSmtp {
    pub port: u16,
    seen: Arc<Mutex<Seen>>,
    reactions: Reactions,
}

type Reactions = Arc<Mutex<HashMap<Step, Reaction>>>;

impl FakeSmtp {
    /// Accepts everything.
    pub async fn start() -> Self {
        Self::reacting([]).await
    }

    /// Accepts everything but what these say otherwise.
    pub async fn reacting(reactions: impl IntoIterator<Item = (Step, Reaction)>) -> Self {
        Self::offering("AUTH PLAIN LOGIN", reactions).await
    }

    /// Names this extension when it is greeted.
    pub async fn offering(extension: &'static str, reactions: impl IntoIterator<Item = (Step, Reaction)>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let fake = Self {
            port: listener.local_addr().unwrap().port(),
            seen: Arc::default(),
            reactions: Arc::new(Mutex::new(reactions.into_iter().collect())),
        };
        let (seen, reactions) = (Arc::clone(&fake.seen), Arc::clone(&fake.reactions));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                seen.lock().unwrap().connections += 1;
                let session = Session {
                    stream: BufReader::new(stream),
                    extension,
                    reactions: Arc::clone(&reactions),
                    seen: Arc::clone(&seen),
                };
                tokio::spawn(session.run());
            }
        });
        fake
    }

    /// From now on it accepts everything.
    pub fn recover(&self) {
        self.reactions.lock().unwrap().clear();
    }

    pub fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap()
    }
}

struct Session {
    stream: BufReader<TcpStream>,
    extension: &'static str,
    reactions: Reactions,
    seen: Arc<Mutex<Seen>>,
}

impl Session {
    /// Until either side hangs up: that is what `None` stands for.
    async fn run(mut self) -> Option<()> {
        self.react(Step::Greeting, "220 fake ESMTP").await?;
        loop {
            let command = self.hear().await?;
            match command.split([' ', ':']).next().unwrap_or_default() {
                "EHLO" => {
                    let answer = format!("250-fake\r\n250 {}", self.extension);
                    self.react(Step::Hello, &answer).await?;
                }
                "AUTH" if command == "AUTH LOGIN" => {
                    self.say("334 VXNlcm5hbWU6").await?;
                    self.hear().await?;
                    self.say("334 UGFzc3dvcmQ6").await?;
                    self.hear().await?;
                    self.react(Step::Login, "235 Welcome").await?;
                }
                "AUTH" => self.react(Step::Login, "235 Welcome").await?,
                "MAIL" => self.react(Step::From, "250 Ok").await?,
                "RCPT" => self.react(Step::To, "250 Ok").await?,
                "DATA" => {
                    self.react(Step::Data, "354 Go ahead").await?;
                    if !self.reactions.lock().unwrap().contains_key(&Step::Data) {
                        self.hear_content().await?;
                        self.react(Step::Content, "250 2.0.0 Ok: queued as 4F1A9B20").await?;
                    }
                }
                "NOOP" => self.react(Step::Noop, "250 Ok").await?,
                _ => self.say("250 Ok").await?,
            }
        }
    }

    async fn react(&mut self, step: Step, usually: &str) -> Option<()> {
        let reaction = self.reactions.lock().unwrap().get(&step).copied();
        match reaction {
            None => self.say(usually).await,
            Some(Reaction::Say(answer)) => self.say(answer).await,
            Some(Reaction::SayAndHangUp(answer)) => {
                self.say(answer).await?;
                None
            }
            Some(Reaction::HangUp) => None,
            Some(Reaction::Silence) => std::future::pending().await,
        }
    }

    async fn say(&mut self, answer: &str) -> Option<()> {
        self.stream.write_all(format!("{answer}\r\n").as_bytes()).await.ok()
    }

    async fn hear(&mut self) -> Option<String> {
        let line = self.line().await?;
        let command = line.trim_end().to_owned();
        self.seen.lock().unwrap().commands.push(command.clone());
        Some(command)
    }

    /// Up to the lonely dot, without the dots that protect others.
    async fn hear_content(&mut self) -> Option<()> {
        let mut content = String::new();
        loop {
            let line = self.line().await?;
            if line == ".\r\n" {
                break;
            }
            content.push_str(line.strip_prefix('.').unwrap_or(&line));
        }
        self.seen.lock().unwrap().mails.push(content);
        Some(())
    }

    async fn line(&mut self) -> Option<String> {
        let mut line = String::new();
        match self.stream.read_line(&mut line).await {
            Ok(length) if length > 0 => Some(line),
            _ => None,
        }
    }
}
