//! Runs a case, and lists everything that is not as it says.

use std::panic::AssertUnwindSafe;

use chrono::TimeDelta;
use futures_util::FutureExt;

use super::answers;
use super::case::{Call, Case, Gate, Happy, Refusal, Refused, Role, Shows, Told};
use super::digest::Digest;
use super::operations::{Document, Operation};
use super::stage::Stage;
use crate::support::{Client, TestResponse};

/// Longer than any access token is good.
const TOKEN_IS_OVER: TimeDelta = TimeDelta::days(2);

/// Browsers are sent to a provider, and come back from it, by links: what they begin and end there is kept.
const WRITING_READS: [&str; 4] = [
    "auth_google_login_retrieve",
    "auth_google_callback_retrieve",
    "auth_oidc_login_retrieve",
    "auth_oidc_callback_retrieve",
];

/// Runs all cases, each in a shop of its own; every deviation is a line.
pub async fn deviations(cases: &[Case], document: &Document) -> Vec<String> {
    let mut all = Vec::new();
    for case in cases {
        // Told by the test that compares the two lists.
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
    stage: Stage,
    found: Vec<String>,
}

impl<'a> Run<'a> {
    /// The happy ways come last: after all the refusals they still work.
    async fn of(case: &'a Case, operation: &'a Operation) -> Vec<String> {
        let Some(first) = case.happy.first() else {
            return vec!["has no happy way".to_owned()];
        };
        let mut run = Self { case, operation, stage: Stage::new().await, found: Vec::new() };
        run.try_refusals(first.by).await;
        run.try_stale(first).await;
        run.try_outsiders(first).await;
        for happy in &case.happy {
            run.try_happy(happy).await;
        }
        run.found
    }

    async fn send(&self, call: &Call, client: &Client) -> TestResponse {
        call.send(client, &self.operation.method, &self.operation.path).await
    }

    fn note(&mut self, what: &str, deviations: Vec<String>) {
        self.found.extend(deviations.into_iter().map(|line| format!("{what}: {line}")));
    }

    async fn try_refusals(&mut self, right: Role) {
        let refusals = match &self.case.refused {
            Refused::These(refusals) => refusals,
            Refused::Never(_) => return,
        };
        if refusals.is_empty() {
            self.found.push("has no refusal, and no reason why".to_owned());
        }
        for refusal in refusals {
            let what = format!("refused with {} {:?}", refusal.status, refusal.told);
            let deviations = self.try_refusal(refusal, right).await;
            self.note(&what, deviations);
        }
    }

    /// Whoever saw a version that is not there changes nothing.
    async fn try_stale(&mut self, first: &Happy) {
        if !self.operation.takes_match {
            return;
        }
        let call = (first.call)(&self.stage).await;
        let client = self.stage.client(first.by).with_header("if-match", "\"0.0\"");
        let before = Digest::of(&self.stage.shop);
        let answer = self.send(&call, &client).await;
        let mut deviations = answers::not_refused(&answer, 412, Told::Code("precondition_failed"));
        let after = Digest::of(&self.stage.shop);
        deviations.extend(before.changes_until(&after).iter().map(|table| format!("{table} has changed")));
        self.note("meant for another version", deviations);
    }

    async fn try_refusal(&self, refusal: &Refusal, right: Role) -> Vec<String> {
        let call = (refusal.call)(&self.stage).await;
        let client = self.stage.client(refusal.by.unwrap_or(right));
        let before = Digest::of(&self.stage.shop);
        let answer = self.send(&call, &client).await;
        let mut deviations = answers::not_refused(&answer, refusal.status, refusal.told);
        let after = Digest::of(&self.stage.shop);
        let touched = before.changes_until(&after);
        for table in &touched {
            if !refusal.may_touch.iter().any(|(allowed, _)| allowed == table) {
                deviations.push(format!("{table} has changed"));
            }
        }
        for (table, reason) in refusal.may_touch {
            if !touched.contains(table) {
                deviations.push(format!("{table} is unchanged, though it is said that {reason}"));
            }
        }
        deviations
    }

    async fn try_outsiders(&mut self, first: &Happy) {
        let outsiders = &self.case.outsiders;
        let wrong_role = match first.by {
            Role::Staff => Role::Customer,
            _ => Role::Staff,
        };
        let anonymous = self.stage.client(Role::Anyone);
        let stranger = self.stage.client(Role::Stranger);
        let wrong_role = self.stage.client(wrong_role);
        let found = self.try_gate(first, &outsiders.anonymous, &anonymous).await;
        self.note("anonymous", found);
        let found = self.try_gate(first, &outsiders.stranger, &stranger).await;
        self.note("stranger", found);
        let found = self.try_gate(first, &outsiders.wrong_role, &wrong_role).await;
        self.note("wrong role", found);
        self.try_lost_accounts(first).await;
    }

    /// The right person, first with an old token, then without an account.
    async fn try_lost_accounts(&mut self, first: &Happy) {
        let person = self.stage.person(first.by).clone();
        let gates = &self.case.outsiders;
        // What the calls need is made while token and account are good.
        let call = (first.call)(&self.stage).await;
        self.stage.shop.advance(TOKEN_IS_OVER);
        let found = self.try_call(first, &gates.expired, &person.client, &call).await;
        self.note("expired", found);
        self.stage.shop.advance(-TOKEN_IS_OVER);

        let call = (first.call)(&self.stage).await;
        let switch = |is_active: bool| format!("update users set is_active = {is_active} where id = '{}'", person.user);
        self.stage.shop.execute(&switch(false));
        let found = self.try_call(first, &gates.deactivated, &person.client, &call).await;
        self.note("deactivated", found);
        self.stage.shop.execute(&switch(true));
    }

    async fn try_gate(&self, first: &Happy, gate: &Gate, client: &Client) -> Vec<String> {
        let call = (first.call)(&self.stage).await;
        self.try_call(first, gate, client, &call).await
    }

    async fn try_call(&self, first: &Happy, gate: &Gate, client: &Client, call: &Call) -> Vec<String> {
        let before = Digest::of(&self.stage.shop);
        let own_before = self.rows_of(first.by);
        let answer = self.send(call, client).await;
        match gate {
            Gate::Refused(status, told) => {
                let mut deviations = answers::not_refused(&answer, *status, *told);
                let after = Digest::of(&self.stage.shop);
                let touched = before.changes_until(&after);
                deviations.extend(touched.iter().map(|table| format!("{table} has changed")));
                deviations
            }
            Gate::OpenToAll(reason) => answers::not_served(&answer, first.status, reason),
            Gate::TheirOwn(reason) => {
                let mut deviations = answers::not_served(&answer, first.status, reason);
                let email = &self.stage.person(first.by).email;
                if String::from_utf8_lossy(&answer.body).contains(email.as_str()) {
                    deviations.push(format!("is shown what is {email}'s"));
                }
                if own_before != self.rows_of(first.by) {
                    deviations.push(format!("has changed what is {email}'s"));
                }
                deviations
            }
        }
    }

    /// What somebody's account and profile hold.
    fn rows_of(&self, role: Role) -> String {
        let user = self.stage.person(role).user;
        self.stage.text(&format!(
            "select u::text || c::text from users u join customers c on c.user_id = u.id where u.id = '{user}'"
        ))
    }

    async fn try_happy(&mut self, happy: &Happy) {
        let call = (happy.call)(&self.stage).await;
        let numbers: Vec<i64> = happy.shows.iter().map(|shows| self.number(shows)).collect();
        let before = Digest::of(&self.stage.shop);
        let answer = self.send(&call, &self.stage.client(happy.by)).await;
        let mut deviations = answers::not_served(&answer, happy.status, "this is the happy way");
        if happy.shows.is_empty() {
            deviations.push("nothing is looked at".to_owned());
        }
        if deviations.is_empty() {
            for (shows, number) in happy.shows.iter().zip(numbers) {
                deviations.extend(self.not_shown(shows, number, &answer));
            }
        }
        if !self.operation.method.is_safe() && matches!(happy.by, Role::Staff | Role::Superuser) {
            deviations.extend(self.not_audited(happy.by, &answer));
        }
        if self.operation.method.is_safe() && !WRITING_READS.contains(&self.case.operation) {
            let after = Digest::of(&self.stage.shop);
            // That somebody has taken a list away may be written down.
            let touched = before.changes_until(&after).into_iter().filter(|table| *table != "audit_entries");
            deviations.extend(touched.map(|table| format!("reading has changed {table}")));
        }
        self.note(&format!("happy way of {:?}", happy.by), deviations);
    }

    /// What staff write is written down, under their name and the request's.
    fn not_audited(&self, by: Role, answer: &TestResponse) -> Option<String> {
        let (user, request) = (self.stage.person(by).user, answer.header("x-request-id").unwrap_or_default());
        let entries = self.stage.shop.number(&format!(
            "select count(*) from audit_entries where actor->>'id' = '{user}' and request_id = '{request}'"
        ));
        (entries == 0).then(|| "it is not in the audit log".to_owned())
    }

    fn number(&self, shows: &Shows) -> i64 {
        match shows {
            Shows::Has(..) => 0,
            Shows::Grows(query, _) => self.stage.shop.number(query),
        }
    }

    fn not_shown(&self, shows: &Shows, number: i64, answer: &TestResponse) -> Option<String> {
        match shows {
            Shows::Has(pointer, expected) => {
                let body = answer.json();
                let shown = body.pointer(pointer);
                (shown != Some(expected)).then(|| format!("{pointer} is {shown:?}, not {expected}"))
            }
            Shows::Grows(query, by) => {
                let grown = self.number(shows) - number;
                (grown != *by).then(|| format!("`{query}` has grown by {grown}, not {by}"))
            }
        }
    }
}
