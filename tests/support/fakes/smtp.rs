//! SMTP server that records commands and reacts as configured.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard};

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

/// Step of a delivery for which a reaction can be configured.
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
    /// Test of an idle connection.
    Noop,
}

#[derive(Debug, Clone, Copy)]
pub enum Reaction {
    Reply(&'static str),
    ReplyAndDisconnect(&'static str),
    Disconnect,
    /// Keeps the connection open without a reply.
    Silence,
}

#[derive(Default)]
pub struct RecordedSession {
    pub connections: usize,
    pub commands: Vec<String>,
    /// Content of every complete e-mail, accepted or not.
    pub mails: Vec<String>,
}

pub struct FakeSmtp {
    pub port: u16,
    recorded: Arc<Mutex<RecordedSession>>,
    reactions: Reactions,
}

type Reactions = Arc<Mutex<HashMap<Step, Reaction>>>;

impl FakeSmtp {
    /// Starts a server that accepts everything.
    pub async fn start() -> Self {
        Self::with_reactions([]).await
    }

    /// Starts a server that accepts everything except at the steps with a reaction.
    pub async fn with_reactions(reactions: impl IntoIterator<Item = (Step, Reaction)>) -> Self {
        Self::with_extension("AUTH PLAIN LOGIN", reactions).await
    }

    /// Starts a server that announces this extension.
    pub async fn with_extension(
        extension: &'static str,
        reactions: impl IntoIterator<Item = (Step, Reaction)>,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let fake = Self {
            port: listener.local_addr().unwrap().port(),
            recorded: Arc::default(),
            reactions: Arc::new(Mutex::new(reactions.into_iter().collect())),
        };
        let (recorded, reactions) = (Arc::clone(&fake.recorded), Arc::clone(&fake.reactions));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                recorded.lock().unwrap().connections += 1;
                let session = Session {
                    stream: BufReader::new(stream),
                    extension,
                    reactions: Arc::clone(&reactions),
                    recorded: Arc::clone(&recorded),
                };
                tokio::spawn(session.run());
            }
        });
        fake
    }

    /// Accepts everything from now on.
    pub fn recover(&self) {
        self.reactions.lock().unwrap().clear();
    }

    pub fn recorded(&self) -> MutexGuard<'_, RecordedSession> {
        self.recorded.lock().unwrap()
    }
}

struct Session {
    stream: BufReader<TcpStream>,
    extension: &'static str,
    reactions: Reactions,
    recorded: Arc<Mutex<RecordedSession>>,
}

impl Session {
    /// Serves the connection. Returns `None` when either side closes it.
    async fn run(mut self) -> Option<()> {
        self.react(Step::Greeting, "220 fake ESMTP").await?;
        loop {
            let command = self.read_command().await?;
            match command.split([' ', ':']).next().unwrap_or_default() {
                "EHLO" => {
                    let reply = format!("250-fake\r\n250 {}", self.extension);
                    self.react(Step::Hello, &reply).await?;
                }
                "AUTH" if command == "AUTH LOGIN" => {
                    self.reply("334 VXNlcm5hbWU6").await?;
                    self.read_command().await?;
                    self.reply("334 UGFzc3dvcmQ6").await?;
                    self.read_command().await?;
                    self.react(Step::Login, "235 Welcome").await?;
                }
                "AUTH" => self.react(Step::Login, "235 Welcome").await?,
                "MAIL" => self.react(Step::From, "250 Ok").await?,
                "RCPT" => self.react(Step::To, "250 Ok").await?,
                "DATA" => {
                    self.react(Step::Data, "354 Go ahead").await?;
                    if !self.reactions.lock().unwrap().contains_key(&Step::Data) {
                        self.read_content().await?;
                        self.react(Step::Content, "250 2.0.0 Ok: queued as 4F1A9B20").await?;
                    }
                }
                "NOOP" => self.react(Step::Noop, "250 Ok").await?,
                _ => self.reply("250 Ok").await?,
            }
        }
    }

    async fn react(&mut self, step: Step, default_reply: &str) -> Option<()> {
        let reaction = self.reactions.lock().unwrap().get(&step).copied();
        match reaction {
            None => self.reply(default_reply).await,
            Some(Reaction::Reply(reply)) => self.reply(reply).await,
            Some(Reaction::ReplyAndDisconnect(reply)) => {
                self.reply(reply).await?;
                None
            }
            Some(Reaction::Disconnect) => None,
            Some(Reaction::Silence) => std::future::pending().await,
        }
    }

    async fn reply(&mut self, reply: &str) -> Option<()> {
        self.stream.write_all(format!("{reply}\r\n").as_bytes()).await.ok()
    }

    async fn read_command(&mut self) -> Option<String> {
        let line = self.line().await?;
        let command = line.trim_end().to_owned();
        self.recorded.lock().unwrap().commands.push(command.clone());
        Some(command)
    }

    /// Reads the content up to the final dot and removes the escaping of leading dots.
    async fn read_content(&mut self) -> Option<()> {
        let mut content = String::new();
        loop {
            let line = self.line().await?;
            if line == ".\r\n" {
                break;
            }
            content.push_str(line.strip_prefix('.').unwrap_or(&line));
        }
        self.recorded.lock().unwrap().mails.push(content);
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
