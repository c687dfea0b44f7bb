//! Runs cases and lists the deviations from them.

use std::panic::AssertUnwindSafe;

use chrono::TimeDelta;
use futures_util::FutureExt;

use super::case::{Access, Call, Case, Check, ExpectedError, Rejection, Rejections, Role, Success};
use super::digest::Digest;
use super::fixture::Fixture;
use super::operations::{Document, Operation};
use super::responses;
use crate::support::{Client, TestResponse};

/// Longer than the lifetime of any access token.
const AFTER_EXPIRY: TimeDelta = TimeDelta::days(2);

/// GET operations that write: they start and complete a sign-in with a provider.
const WRITING_READS: [&str; 4] = [
    "auth_google_login_retrieve",
    "auth_google_callback_retrieve",
    "auth_oidc_login_retrieve",
    "auth_oidc_callback_retrieve",
];

/// Runs each case in its own shop. Returns one line per deviation.
pub async fn deviations(cases: &[Case], document: &Document) -> Vec<String> {
    let mut all = Vec::new();
    for case in cases {
        // The test that compares cases and operations reports an unknown operation.
        let Some(operation) = document.operation(case.operation) else {
            continue;
        };
        let run = AssertUnwindSafe(Run::of(case, operation)).catch_unwind().await;
        let found = run.unwrap_or_else(|_| vec!["panicked: see above".to_owned()]);
        all.extend(found.into_iter().map(|line| format!("{}: {line}", case.operation)));
    }
    all
}

struct Run<'a> {
    case: &'a Case,
    operation: &'a Operation,
    fixture: Fixture,
    found: Vec<String>,
}

impl<'a> Run<'a> {
    /// Runs the successful calls last, so that they also show that rejected calls had no effect.
    async fn of(case: &'a Case, operation: &'a Operation) -> Vec<String> {
        let Some(first) = case.successes.first() else {
            return vec!["has no successful call".to_owned()];
        };
        let mut run = Self { case, operation, fixture: Fixture::new().await, found: Vec::new() };
        run.run_rejections(first.by).await;
        run.run_stale(first).await;
        run.run_other_callers(first).await;
        for success in &case.successes {
            run.run_success(success).await;
        }
        run.found
    }

    async fn send(&self, call: &Call, client: &Client) -> TestResponse {
        call.send(client, &self.operation.method, &self.operation.path).await
    }

    fn note(&mut self, what: &str, deviations: Vec<String>) {
        self.found.extend(deviations.into_iter().map(|line| format!("{what}: {line}")));
    }

    async fn run_rejections(&mut self, authorized: Role) {
        let rejections = match &self.case.rejections {
            Rejections::Cases(rejections) => rejections,
            Rejections::None(_) => return,
        };
        if rejections.is_empty() {
            self.found.push("has no rejected call, and no reason why".to_owned());
        }
        for rejection in rejections {
            let what = format!("rejected with {} {:?}", rejection.status, rejection.error);
            let deviations = self.run_rejection(rejection, authorized).await;
            self.note(&what, deviations);
        }
    }

    /// Sends `If-Match` with another version: nothing changes.
    async fn run_stale(&mut self, first: &Success) {
        if !self.operation.takes_match {
            return;
        }
        let call = (first.call)(&self.fixture).await;
        let client = self.fixture.client(first.by).with_header("if-match", "\"0.0\"");
        let before = Digest::of(&self.fixture.shop);
        let response = self.send(&call, &client).await;
        let mut deviations = responses::check_error(&response, 412, ExpectedError::Code("precondition_failed"));
        let after = Digest::of(&self.fixture.shop);
        deviations.extend(before.changed_tables(&after).iter().map(|table| format!("{table} has changed")));
        self.note("another version", deviations);
    }

    async fn run_rejection(&self, rejection: &Rejection, authorized: Role) -> Vec<String> {
        let call = (rejection.call)(&self.fixture).await;
        let client = self.fixture.client(rejection.by.unwrap_or(authorized));
        let before = Digest::of(&self.fixture.shop);
        let response = self.send(&call, &client).await;
        let mut deviations = responses::check_error(&response, rejection.status, rejection.error);
        let after = Digest::of(&self.fixture.shop);
        let changed = before.changed_tables(&after);
        for table in &changed {
            if !rejection.allowed_changes.iter().any(|(allowed, _)| allowed == table) {
                deviations.push(format!("{table} has changed"));
            }
        }
        for (table, reason) in rejection.allowed_changes {
            if !changed.contains(table) {
                deviations.push(format!("{table} is unchanged, but the case says that {reason}"));
            }
        }
        deviations
    }

    async fn run_other_callers(&mut self, first: &Success) {
        let other_callers = &self.case.other_callers;
        let wrong_role = match first.by {
            Role::Staff => Role::Customer,
            _ => Role::Staff,
        };
        let anonymous = self.fixture.client(Role::Guest);
        let other_customer = self.fixture.client(Role::OtherCustomer);
        let wrong_role = self.fixture.client(wrong_role);
        let found = self.run_access(first, &other_callers.anonymous, &anonymous).await;
        self.note("anonymous", found);
        let found = self.run_access(first, &other_callers.other_customer, &other_customer).await;
        self.note("other customer", found);
        let found = self.run_access(first, &other_callers.wrong_role, &wrong_role).await;
        self.note("wrong role", found);
        self.run_lost_accounts(first).await;
    }

    /// Repeats the call of the authorized caller, first with an expired token, then with a deactivated account.
    async fn run_lost_accounts(&mut self, first: &Success) {
        let person = self.fixture.person(first.by).clone();
        let gates = &self.case.other_callers;
        // Objects for the calls are created while token and account are valid.
        let call = (first.call)(&self.fixture).await;
        self.fixture.shop.advance(AFTER_EXPIRY);
        let found = self.run_call(first, &gates.expired, &person.client, &call).await;
        self.note("expired", found);
        self.fixture.shop.advance(-AFTER_EXPIRY);

        let call = (first.call)(&self.fixture).await;
        let switch = |is_active: bool| format!("update users set is_active = {is_active} where id = '{}'", person.user);
        self.fixture.shop.execute(&switch(false));
        let found = self.run_call(first, &gates.deactivated, &person.client, &call).await;
        self.note("deactivated", found);
        self.fixture.shop.execute(&switch(true));
    }

    async fn run_access(&self, first: &Success, gate: &Access, client: &Client) -> Vec<String> {
        let call = (first.call)(&self.fixture).await;
        self.run_call(first, gate, client, &call).await
    }

    async fn run_call(&self, first: &Success, gate: &Access, client: &Client, call: &Call) -> Vec<String> {
        let before = Digest::of(&self.fixture.shop);
        let own_before = self.rows_of(first.by);
        let response = self.send(call, client).await;
        match gate {
            Access::Rejected(status, error) => {
                let mut deviations = responses::check_error(&response, *status, *error);
                let after = Digest::of(&self.fixture.shop);
                let changed = before.changed_tables(&after);
                deviations.extend(changed.iter().map(|table| format!("{table} has changed")));
                deviations
            }
            Access::Open(reason) => responses::check_success(&response, first.status, reason),
            Access::OwnData(reason) => {
                let mut deviations = responses::check_success(&response, first.status, reason);
                let email = &self.fixture.person(first.by).email;
                if String::from_utf8_lossy(&response.body).contains(email.as_str()) {
                    deviations.push(format!("returns data of {email}"));
                }
                if own_before != self.rows_of(first.by) {
                    deviations.push(format!("has changed data of {email}"));
                }
                deviations
            }
        }
    }

    /// Returns the account and the profile of a role as text.
    fn rows_of(&self, role: Role) -> String {
        let user = self.fixture.person(role).user;
        self.fixture.text(&format!(
            "select u::text || c::text from users u join customers c on c.user_id = u.id where u.id = '{user}'"
        ))
    }

    async fn run_success(&mut self, success: &Success) {
        let call = (success.call)(&self.fixture).await;
        let numbers: Vec<i64> = success.checks.iter().map(|check| self.number(check)).collect();
        let before = Digest::of(&self.fixture.shop);
        let response = self.send(&call, &self.fixture.client(success.by)).await;
        let mut deviations = responses::check_success(&response, success.status, "this call succeeds");
        if success.checks.is_empty() {
            deviations.push("has no checks".to_owned());
        }
        if deviations.is_empty() {
            for (check, number) in success.checks.iter().zip(numbers) {
                deviations.extend(self.check_failure(check, number, &response));
            }
        }
        if !self.operation.method.is_safe() && matches!(success.by, Role::Staff | Role::Superuser) {
            deviations.extend(self.missing_audit_entry(success.by, &response));
        }
        if self.operation.method.is_safe() && !WRITING_READS.contains(&self.case.operation) {
            let after = Digest::of(&self.fixture.shop);
            // An export is recorded in the audit log.
            let changed = before.changed_tables(&after).into_iter().filter(|table| *table != "audit_entries");
            deviations.extend(changed.map(|table| format!("reading has changed {table}")));
        }
        self.note(&format!("successful call of {:?}", success.by), deviations);
    }

    /// Writes of staff members are in the audit log, with the user and the request id.
    fn missing_audit_entry(&self, by: Role, response: &TestResponse) -> Option<String> {
        let (user, request) = (self.fixture.person(by).user, response.header("x-request-id").unwrap_or_default());
        let entries = self.fixture.shop.number(&format!(
            "select count(*) from audit_entries where actor->>'id' = '{user}' and request_id = '{request}'"
        ));
        (entries == 0).then(|| "the audit log has no entry".to_owned())
    }

    fn number(&self, check: &Check) -> i64 {
        match check {
            Check::Equals(..) => 0,
            Check::Increases(query, _) => self.fixture.shop.number(query),
        }
    }

    fn check_failure(&self, check: &Check, number: i64, response: &TestResponse) -> Option<String> {
        match check {
            Check::Equals(pointer, expected) => {
                let body = response.json();
                let found = body.pointer(pointer);
                (found != Some(expected)).then(|| format!("{pointer} is {found:?}, not {expected}"))
            }
            Check::Increases(query, by) => {
                let increase = self.number(check) - number;
                (increase != *by).then(|| format!("`{query}` has increased by {increase}, not {by}"))
            }
        }
    }
}
