//! Declarations of endpoints: what the `endpoint` attribute derives from the arguments of a handler.
//!
//! The OpenAPI document carries each declaration, and the route table reads it from there.

use actix_web::HttpRequest;
use actix_web::web::{Data, Path};
use serde_json::{Value, json};
use utoipa::IntoParams;
use utoipa::openapi::path::{Parameter, ParameterIn};

use super::Ordering;
use super::requests::{FilterRequest, ListFilter, ListRequest, ReadRequest, WriteRequest};
use super::throttling::RateLimitClass;
use crate::platform::auth::{Allowed, Authenticated, CurrentCustomer, CurrentUser, OptionalPrincipal, PermissionType};
use crate::platform::write_context::WriteContext;

/// An argument of a handler with the `endpoint` attribute.
pub trait EndpointArgument {
    /// Adds the parameters and the access rule of the argument to the endpoint.
    fn describe(endpoint: &mut EndpointDescription);
}

/// Access rule of an endpoint.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Access {
    /// The endpoint does not use credentials.
    #[default]
    Public,
    /// Anonymous requests are allowed; the response can depend on the principal.
    Optional,
    /// Any principal.
    Authenticated,
    /// Principals with the permission of this name.
    Permission(&'static str),
}

/// Parameters and policies of an endpoint.
#[derive(Default)]
pub struct EndpointDescription {
    parameters: Vec<Parameter>,
    access: Access,
    rate_limit: Option<RateLimitClass>,
    ignores_invalid_credentials: bool,
    ignores_idempotency_keys: bool,
}

impl EndpointDescription {
    pub fn add_parameters<T: IntoParams>(&mut self) {
        self.parameters.extend(T::into_params(|| Some(ParameterIn::Query)));
    }

    /// Adds the parameters of the path, which come first in the document.
    pub fn add_path_parameters<T: IntoParams>(&mut self) {
        self.parameters.splice(0..0, T::into_params(|| Some(ParameterIn::Path)));
    }

    pub const fn require(&mut self, access: Access) {
        self.access = access;
    }

    pub const fn set_rate_limit(&mut self, class: RateLimitClass) {
        self.rate_limit = Some(class);
    }

    pub const fn ignore_invalid_credentials(&mut self) {
        self.ignores_invalid_credentials = true;
    }

    pub const fn ignore_idempotency_keys(&mut self) {
        self.ignores_idempotency_keys = true;
    }

    pub fn into_parameters(self) -> Vec<Parameter> {
        self.parameters
    }

    /// Returns the policies for the extension `x-endpoint`, which the finished document replaces by public members.
    pub fn policies(&self) -> Value {
        let security = match self.access {
            Access::Public => Value::Null,
            Access::Optional => json!([{}, {"jwtAuth": []}]),
            Access::Authenticated => json!([{"jwtAuth": []}]),
            Access::Permission(name) => json!([{"jwtAuth": [name]}]),
        };
        json!({
            "security": security,
            "rate_limit": self.rate_limit.map(RateLimitClass::name),
            "ignores_invalid_credentials": self.ignores_invalid_credentials,
            "ignores_idempotency_keys": self.ignores_idempotency_keys,
        })
    }
}

impl<T> EndpointArgument for Data<T> {
    fn describe(_: &mut EndpointDescription) {}
}

impl EndpointArgument for HttpRequest {
    fn describe(_: &mut EndpointDescription) {}
}

impl EndpointArgument for WriteContext {
    fn describe(_: &mut EndpointDescription) {}
}

impl<T: IntoParams> EndpointArgument for Path<T> {
    fn describe(endpoint: &mut EndpointDescription) {
        endpoint.add_path_parameters::<T>();
    }
}

impl EndpointArgument for ReadRequest {
    fn describe(endpoint: &mut EndpointDescription) {
        endpoint.add_parameters::<Self>();
    }
}

impl EndpointArgument for WriteRequest {
    fn describe(endpoint: &mut EndpointDescription) {
        endpoint.add_parameters::<Self>();
    }
}

impl<F: ListFilter, O: Ordering> EndpointArgument for ListRequest<F, O> {
    fn describe(endpoint: &mut EndpointDescription) {
        endpoint.add_parameters::<Self>();
    }
}

impl<F: ListFilter> EndpointArgument for FilterRequest<F> {
    fn describe(endpoint: &mut EndpointDescription) {
        endpoint.add_parameters::<Self>();
    }
}

impl EndpointArgument for OptionalPrincipal {
    fn describe(endpoint: &mut EndpointDescription) {
        endpoint.require(Access::Optional);
    }
}

impl EndpointArgument for Option<CurrentUser> {
    fn describe(endpoint: &mut EndpointDescription) {
        endpoint.require(Access::Optional);
    }
}

impl EndpointArgument for Authenticated {
    fn describe(endpoint: &mut EndpointDescription) {
        endpoint.require(Access::Authenticated);
    }
}

impl EndpointArgument for CurrentUser {
    fn describe(endpoint: &mut EndpointDescription) {
        endpoint.require(Access::Authenticated);
    }
}

impl EndpointArgument for CurrentCustomer {
    fn describe(endpoint: &mut EndpointDescription) {
        endpoint.require(Access::Authenticated);
    }
}

impl<P: PermissionType> EndpointArgument for Allowed<P> {
    fn describe(endpoint: &mut EndpointDescription) {
        endpoint.require(Access::Permission(P::PERMISSION.name()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::platform::auth::ViewJobs;
    use crate::platform::types::JobId;

    #[test]
    fn handler_signature_determines_parameters_and_security() {
        let mut endpoint = EndpointDescription::default();
        WriteRequest::describe(&mut endpoint);
        Path::<JobId>::describe(&mut endpoint);
        Allowed::<ViewJobs>::describe(&mut endpoint);

        assert_eq!(endpoint.policies()["security"], json!([{"jwtAuth": ["jobs.view"]}]));
        let names: Vec<String> = endpoint.into_parameters().into_iter().map(|parameter| parameter.name).collect();
        assert_eq!(names.first().map(String::as_str), Some("id"));
        assert!(names.contains(&"Idempotency-Key".to_owned()));
    }
}
