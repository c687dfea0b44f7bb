//! HTTP handler that places orders.

use actix_web::http::header::HeaderValue;
use actix_web::post;
use actix_web::web::Data;
use diesel::prelude::*;

use super::errors::CheckoutError;
use super::services::{Buyer, InitialStatus, PlaceOrder, PlacedOrder, place};
use super::views::PlaceOrderBody;
use crate::orders::access::ORDER_TOKEN_HEADER;
use crate::orders::lifecycle::OrderView;
use crate::orders::permissions::CreateOrders;
use crate::platform::api::{ApiResponse, Created, WriteRequest, endpoint};
use crate::platform::app::App;
use crate::platform::auth::{OptionalPrincipal, Principal, SignedIn, random_token, sha256};
use crate::platform::error::{ErrorTree, Problem};
use crate::platform::http::Body;
use crate::platform::types::{Email, PostalAddress, Text};
use crate::platform::write_context::WriteContext;

/// Place an order
///
/// Prices the lines, allocates their stock and creates the order. Customers place orders for themselves, guests with an
/// e-mail address, and staff members with `orders.create` for a customer or an e-mail address. A guest receives a
/// secret token in the header `X-Order-Token` and sends it in the same header to access the order later.
///
/// Returns 409 `out_of_stock` with the affected lines if the available stock is insufficient, and 403
/// `permission_denied` if the client is not allowed to place orders for others or in this channel.
#[endpoint(tag = "orders", responses((status = 201, body = OrderView,
        headers(("X-Order-Token" = String, description = "Secret token that gives a guest access to the order")))))]
#[post("/")]
pub async fn place_order(
    app: Data<App>,
    viewer: OptionalPrincipal,
    request: WriteRequest,
    body: Body<PlaceOrderBody>,
) -> Result<ApiResponse, Problem> {
    let (buyer, token) = buyer(viewer.0.as_ref(), &body.0)?;
    let request = match &buyer {
        Buyer::Guest { email, .. } => request.with_guest_key(email.as_str()),
        _ => request,
    };
    let command = command(buyer, body.0);
    let place = move |conn: &mut PgConnection, context: &WriteContext| -> Result<_, CheckoutError> {
        let PlacedOrder { order, lines, channel } = place(conn, &command, context)?;
        let view = OrderView::new(order, Some(channel), lines);
        let created = Created::at(format!("/api/orders/{}/", view.id), view);
        Ok(match &token {
            None => created,
            Some(token) => created.with_secret_header(ORDER_TOKEN_HEADER, token.clone()),
        })
    };
    request.run(&app, place).await
}

/// Determines the buyer and, for a guest, generates the order token as a header value.
fn buyer(principal: Option<&Principal>, body: &PlaceOrderBody) -> Result<(Buyer, Option<HeaderValue>), Problem> {
    let Some(principal) = principal else {
        let email = body.email.clone().ok_or_else(email_required)?;
        let token = random_token().map_err(Problem::internal)?;
        let header = HeaderValue::from_str(&token).map_err(|error| Problem::internal(error.into()))?;
        return Ok((Buyer::Guest { email, token_hash: sha256(&token) }, Some(header)));
    };
    let for_other = |customer, email| {
        let is_allowed = principal.has_permission(CreateOrders::PERMISSION);
        let buyer = Buyer::ForCustomer { customer, email, channel_scope: principal.channel_scope.clone() };
        is_allowed.then_some((buyer, None)).ok_or_else(Problem::permission_denied)
    };
    if let Some(customer) = body.customer.filter(|id| Some(*id) != principal.customer_id()) {
        return for_other(Some(customer), body.email.clone());
    }
    match principal.user() {
        Some(SignedIn { customer_id: Some(id), email: own, .. }) if !is_for_other(principal, body.email.as_ref()) => {
            let email = body.email.clone().unwrap_or_else(|| own.clone());
            Ok((Buyer::Customer { id: *id, email }, None))
        }
        _ => for_other(None, Some(body.email.clone().ok_or_else(email_required)?)),
    }
}

/// Returns true if a staff member places the order for another e-mail address.
fn is_for_other(principal: &Principal, email: Option<&Email>) -> bool {
    let own = principal.user().map(|user| &user.email);
    principal.has_permission(CreateOrders::PERMISSION) && email.is_some_and(|email| Some(email) != own)
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
        note: body.note.map(Text::into_inner).unwrap_or_default(),
        initial_status: InitialStatus::ChannelDefault,
        lines: body.lines.0,
    }
}
