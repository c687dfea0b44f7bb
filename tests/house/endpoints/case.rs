//! Case of an operation: successful calls, rejected calls, and the access of other callers. Every part is required.

use std::rc::Rc;

use actix_web::http::Method;
use actix_web::test::TestRequest;
use futures_util::future::LocalBoxFuture;
use serde_json::Value;

use super::fixture::Fixture;
use crate::support::{Client, TestResponse};

/// Expected behaviour of one operation.
pub struct Case {
    pub operation: &'static str,
    /// Successful calls, at least one. The other callers repeat the first one.
    pub successes: Vec<Success>,
    pub rejections: Rejections,
    pub other_callers: OtherCallers,
}

/// Successful call with the checks of its response and its effects.
pub struct Success {
    pub by: Role,
    pub call: Setup,
    pub status: u16,
    /// At least one check.
    pub checks: Vec<Check>,
}

/// Rejected calls: invalid input and conflicting states.
pub enum Rejections {
    Cases(Vec<Rejection>),
    /// Reason why no call can be rejected.
    None(&'static str),
}

/// Rejected call of an authorized caller, which changes nothing.
pub struct Rejection {
    /// Caller; without it, the caller of the first successful call.
    pub by: Option<Role>,
    pub call: Setup,
    pub status: u16,
    pub error: ExpectedError,
    /// Tables that the rejected call changes nevertheless, with the reason.
    pub allowed_changes: &'static [(&'static str, &'static str)],
}

/// Access of other callers to the first successful call.
pub struct OtherCallers {
    pub anonymous: Access,
    /// Another customer, who owns none of the objects.
    pub other_customer: Access,
    /// A customer if the operation is for staff members, else a staff member.
    pub wrong_role: Access,
    /// The authorized caller with an expired token.
    pub expired: Access,
    /// The authorized caller after the account was deactivated.
    pub deactivated: Access,
}

pub enum Access {
    /// Rejected; nothing has changed.
    Rejected(u16, ExpectedError),
    /// Served like the authorized caller, with the reason.
    Open(&'static str),
    /// Served with the caller's own data only, with the reason.
    OwnData(&'static str),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    Guest,
    /// Ana, who owns the objects of the fixture.
    Customer,
    /// Ben, another customer.
    OtherCustomer,
    Staff,
    Superuser,
}

/// Expected error body.
#[derive(Debug, Clone, Copy)]
pub enum ExpectedError {
    /// `{"detail", "code"}` with this code.
    Code(&'static str),
    /// Messages under this field, a JSON pointer.
    Field(&'static str),
}

/// Check of a successful call.
pub enum Check {
    /// The body has this value at this JSON pointer.
    Equals(&'static str, Value),
    /// The number that a query returns has increased by this difference.
    Increases(&'static str, i64),
}

/// Request without its method and path, which the operation defines.
#[derive(Debug, Clone, Default)]
pub struct Call {
    id: Option<String>,
    /// Name and value of the second placeholder.
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

/// Creates the objects that a call needs, and the call.
pub type Setup = Rc<dyn for<'a> Fn(&'a Fixture) -> LocalBoxFuture<'a, Call>>;

pub fn call<F>(make: F) -> Setup
where
    F: AsyncFn(&Fixture) -> Call + 'static,
{
    let make = Rc::new(make);
    Rc::new(move |fixture| {
        let make = Rc::clone(&make);
        Box::pin(async move { make(fixture).await })
    })
}

/// Rejected call of an authorized caller that changes nothing.
pub fn rejected<F>(status: u16, error: ExpectedError, make: F) -> Rejection
where
    F: AsyncFn(&Fixture) -> Call + 'static,
{
    Rejection { by: None, call: call(make), status, error, allowed_changes: &[] }
}

impl Rejection {
    pub fn by(self, role: Role) -> Self {
        Self { by: Some(role), ..self }
    }

    pub fn changing(self, allowed_changes: &'static [(&'static str, &'static str)]) -> Self {
        Self { allowed_changes, ..self }
    }
}

impl Call {
    /// Call without an id, a query or a body.
    pub fn empty() -> Self {
        Self::default()
    }

    pub fn with_id(id: impl ToString) -> Self {
        Self::empty().id(id)
    }

    pub fn with_query(query: impl ToString) -> Self {
        Self::empty().query(query)
    }

    pub fn with_body(body: Value) -> Self {
        Self::empty().body(body)
    }

    pub fn id(mut self, id: impl ToString) -> Self {
        self.id = Some(id.to_string());
        self
    }

    /// Sets the value of the placeholder `{name}`.
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

    /// Sends these bytes as JSON.
    pub fn raw(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        self.body = Content::Raw(bytes.into());
        self
    }

    /// Returns the JSON body, or an empty object.
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
