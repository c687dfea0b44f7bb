//! Placing an order over HTTP.

use actix_web::http::header::{HeaderName, HeaderValue};
use actix_web::post;
use actix_web::web::Data;
use diesel::prelude::*;

use super::errors::CheckoutError;
use super::services::{Buyer, PlaceOrder, PlacedOrder, Placement, place};
use super::views::{LineBody, PlaceOrderBody};
use crate::orders::lifecycle::OrderView;
use crate::platform::api::{Answer, Created, WriteRequest};
use crate::platform::app::App;
use crate::platform::auth::{Permission, Principal, SignedIn, Viewer, random_token, sha256};
use crate::platform::error::{ErrorTree, Problem};
use crate::platform::http::Body;
use crate::platform::types::{Email, Paragraph, PostalAddress};

/// Place an order: as a customer, as a guest with an e-mail address, or as staff for a customer.
///
/// Prices and stock are those of now. Answers 409 `out_of_stock` with the lines that come away short, and then
/// nothing of the order remains. A guest finds the secret that opens the order later in the header `X-Order-Token`.
#[utoipa::path(tag = "orders", params(WriteRequest), security((), ("jwtAuth" = [])), request_body = PlaceOrderBody,
    responses((status = 201, body = OrderView,
        headers(("X-Order-Token" = String, description = "For guests: the secret that opens the order later.")))))]
#[post("/")]
pub async fn place_order(
    app: Data<App>,
    viewer: Viewer,
    request: WriteRequest,
    body: Body<PlaceOrderBody>,
) -> Result<Answer, Problem> {
    let (buyer, secret) = buyer(viewer.0.as_ref(), &body.0)?;
    let request = match &buyer {
        Buyer::Guest { email, .. } => request.asked_by(email.as_str()),
        _ => request,
    };
    let command = command(buyer, body.0);
    let place = move |conn: &mut PgConnection, request: &WriteRequest| -> Result<_, CheckoutError> {
        let PlacedOrder { order, lines, channel } = place(conn, &command, &request.origin)?;
        let view = OrderView::new(order, Some(channel), lines);
        let created = Created::at(format!("/api/orders/{}/", view.id), view);
        Ok(match &secret {
            None => created,
            Some(secret) => created.with_secret(HeaderName::from_static("x-order-token"), secret.clone()),
        })
    };
    request.run(&app, place).await
}

/// Whose order it is, and the secret of a guest's.
fn buyer(principal: Option<&Principal>, body: &PlaceOrderBody) -> Result<(Buyer, Option<HeaderValue>), Problem> {
    let Some(principal) = principal else {
        let email = body.email.clone().ok_or_else(email_required)?;
        let token = random_token().map_err(Problem::internal)?;
        let secret = HeaderValue::from_str(&token).map_err(|error| Problem::internal(error.into()))?;
        return Ok((Buyer::Guest { email, token_hash: sha256(&token) }, Some(secret)));
    };
    let for_another = |customer, email| {
        let may = principal.may(Permission::OrdersCreate);
        let buyer = Buyer::ForCustomer { customer, email, reach: principal.reach.clone() };
        may.then_some((buyer, None)).ok_or_else(Problem::permission_denied)
    };
    if let Some(customer) = body.customer.filter(|id| Some(*id) != principal.customer_id()) {
        return for_another(Some(customer), body.email.clone());
    }
    match principal.user() {
        Some(SignedIn { customer_id: Some(id), email: own, .. }) if !is_for_another(principal, body.email.as_ref()) => {
            let email = body.email.clone().unwrap_or_else(|| own.clone());
            Ok((Buyer::Customer { id: *id, email }, None))
        }
        _ => for_another(None, Some(body.email.clone().ok_or_else(email_required)?)),
    }
}

/// Staff who give an address that is not their own order for whoever has it.
fn is_for_another(principal: &Principal, email: Option<&Email>) -> bool {
    let own = principal.user().map(|user| &user.email);
    principal.may(Permission::OrdersCreate) && email.is_some_and(|email| Some(email) != own)
}

fn email_required() -> Problem {
    Problem::invalid(ErrorTree::member("email", ErrorTree::required()))
}

fn command(buyer: Buyer, body: PlaceOrderBody) -> PlaceOrder {
    let country = body.shipping_address.country;
    let shipping_address = body.shipping_address.into_json();
    PlaceOrder {
        buyer,
        phone: body.phone,
        country,
        billing_address: body.billing_address.map_or_else(|| shipping_address.clone(), PostalAddress::into_json),
        shipping_address,
        currency: body.currency,
        note: body.note.map(Paragraph::into_inner).unwrap_or_default(),
        placement: Placement::AsChannelSays,
        lines: body.lines.0.into_iter().filter_map(LineBody::into_wanted).collect(),
    }
}
