//! What is said of an operation: who may, what it does, what it refuses. No part of it can be left out.

use std::rc::Rc;

use actix_web::http::Method;
use actix_web::test::TestRequest;
use futures_util::future::LocalBoxFuture;
use serde_json::Value;

use super::stage::Stage;
use crate::support::{Client, TestResponse};

/// All that is said of one operation. There is no default for any of it.
pub struct Case {
    pub operation: &'static str,
    /// What it does for the right person; at least one. The first one's call is what outsiders try.
    pub happy: Vec<Happy>,
    pub refused: Refused,
    pub outsiders: Outsiders,
}

/// The right person is served, and everything in `shows` holds.
pub struct Happy {
    pub by: Role,
    pub call: Setup,
    pub status: u16,
    /// At least one.
    pub shows: Vec<Shows>,
}

/// Bad input and wrong states.
pub enum Refused {
    These(Vec<Refusal>),
    /// There is no input and no state that could be wrong: why.
    Never(&'static str),
}

/// The right person is refused, and nothing has changed.
pub struct Refusal {
    /// Else whoever the first happy call is by.
    pub by: Option<Role>,
    pub call: Setup,
    pub status: u16,
    pub told: Told,
    /// Tables that this refusal changes all the same, each with the reason.
    pub may_touch: &'static [(&'static str, &'static str)],
}

/// What everybody else hears when they make the first happy call.
pub struct Outsiders {
    pub anonymous: Gate,
    /// Another customer, who owns nothing of what is asked for.
    pub stranger: Gate,
    /// A customer where staff are asked for, staff where a superuser or a customer is.
    pub wrong_role: Gate,
    /// The right person, with a token whose time is over.
    pub expired: Gate,
    /// The right person, whose account was switched off.
    pub deactivated: Gate,
}

pub enum Gate {
    /// Refused, and nothing has changed.
    Refused(u16, Told),
    /// Served as the right person is: why.
    OpenToAll(&'static str),
    /// Served with what is their own, and with nothing of the right person's: why.
    TheirOwn(&'static str),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    Anyone,
    /// Ana, who owns what the stage has.
    Customer,
    /// Ben, another customer.
    Stranger,
    Staff,
    Superuser,
}

/// How a refusal says what was wrong.
#[derive(Debug, Clone, Copy)]
pub enum Told {
    /// `{"detail", "code"}` with this code.
    Code(&'static str),
    /// Messages under this field, a JSON pointer.
    Field(&'static str),
}

/// What a happy answer is looked at for.
pub enum Shows {
    /// The body has exactly this at this JSON pointer.
    Has(&'static str, Value),
    /// The number that a query gives has grown by so much.
    Grows(&'static str, i64),
}

/// One request, method and path left to the operation.
#[derive(Debug, Clone, Default)]
pub struct Call {
    id: Option<String>,
    /// Of what stands below that thing.
    below: Option<(&'static str, String)>,
    query: String,
    header: Option<(&'static str, String)>,
    body: Content,
}

#[derive(Debug, Clone, Default)]
enum Content {
    #[default]
    None,
    Json(Value),
    Raw(Vec<u8>),
}

/// Makes what a call needs, and the call; anew every time it is asked.
pub type Setup = Rc<dyn for<'a> Fn(&'a Stage) -> LocalBoxFuture<'a, Call>>;

pub fn call<F>(make: F) -> Setup
where
    F: AsyncFn(&Stage) -> Call + 'static,
{
    let make = Rc::new(make);
    Rc::new(move |stage| {
        let make = Rc::clone(&make);
        Box::pin(async move { make(stage).await })
    })
}

/// A refusal of the right person that leaves no trace.
pub fn refused<F>(status: u16, told: Told, make: F) -> Refusal
where
    F: AsyncFn(&Stage) -> Call + 'static,
{
    Refusal { by: None, call: call(make), status, told, may_touch: &[] }
}

impl Refusal {
    pub fn by(self, role: Role) -> Self {
        Self { by: Some(role), ..self }
    }

    pub fn touching(self, may_touch: &'static [(&'static str, &'static str)]) -> Self {
        Self { may_touch, ..self }
    }
}

impl Call {
    /// Without an id, a query or a body.
    pub fn plain() -> Self {
        Self::default()
    }

    pub fn of(id: impl ToString) -> Self {
        Self::plain().id(id)
    }

    pub fn asking(query: impl ToString) -> Self {
        Self::plain().query(query)
    }

    pub fn sending(body: Value) -> Self {
        Self::plain().body(body)
    }

    pub fn id(mut self, id: impl ToString) -> Self {
        self.id = Some(id.to_string());
        self
    }

    /// The id of something below the first: in place of `{name}`.
    pub fn below(mut self, name: &'static str, id: impl ToString) -> Self {
        self.below = Some((name, id.to_string()));
        self
    }

    pub fn query(mut self, query: impl ToString) -> Self {
        self.query = query.to_string();
        self
    }

    pub fn header(mut self, name: &'static str, value: impl ToString) -> Self {
        self.header = Some((name, value.to_string()));
        self
    }

    pub fn body(mut self, body: Value) -> Self {
        self.body = Content::Json(body);
        self
    }

    /// These bytes as they are, called JSON.
    pub fn raw(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        self.body = Content::Raw(bytes.into());
        self
    }

    /// The JSON it sends; an empty object where it sends none.
    pub fn json(&self) -> Value {
        match &self.body {
            Content::Json(value) => value.clone(),
            _ => Value::Object(Default::default()),
        }
    }

    pub async fn send(&self, client: &Client, method: &Method, path: &str) -> TestResponse {
        let mut path = path.replace("{id}", self.id.as_deref().unwrap_or("{id}"));
        if let Some((name, id)) = &self.below {
            path = path.replace(&format!("{{{name}}}"), id);
        }
        let uri = if self.query.is_empty() { path } else { format!("{path}?{}", self.query) };
        let mut request = TestRequest::default().method(method.clone()).uri(&uri);
        if let Some((name, value)) = &self.header {
            request = request.insert_header((*name, value.as_str()));
        }
        request = match &self.body {
            Content::None => request,
            Content::Json(value) => request.set_json(value),
            Content::Raw(bytes) => {
                request.insert_header(("content-type", "application/json")).set_payload(bytes.clone())
            }
        };
        client.call(request).await
    }
}
