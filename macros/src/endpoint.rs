//! The `endpoint` attribute.

use proc_macro2::{Ident, TokenStream};
use quote::quote;
use syn::parse::{Parse, ParseStream};
use syn::punctuated::Punctuated;
use syn::{Expr, FnArg, ItemFn, LitInt, Token, Type, parenthesized};

use crate::syntax::{camel_case, type_argument, type_name};

/// Arguments of the attribute.
#[derive(Default)]
pub struct EndpointAttributes {
    tag: Option<Expr>,
    returns: Vec<Response>,
    responses: TokenStream,
    params: Vec<Type>,
    request_body: Option<Type>,
    policies: Vec<TokenStream>,
}

/// A status and the type of its body.
struct Response {
    status: LitInt,
    body: Option<Type>,
}

impl Parse for Response {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let status = input.parse()?;
        let body = if input.parse::<Option<Token![=]>>()?.is_some() { Some(input.parse()?) } else { None };
        Ok(Self { status, body })
    }
}

impl Parse for EndpointAttributes {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let mut attributes = Self::default();
        while !input.is_empty() {
            let name: Ident = input.parse()?;
            attributes.parse_argument(&name, input)?;
            if !input.is_empty() {
                input.parse::<Token![,]>()?;
            }
        }
        if attributes.tag.is_none() {
            return Err(input.error("`tag = \"…\"` is missing"));
        }
        if attributes.returns.is_empty() && attributes.responses.is_empty() {
            return Err(input.error("`returns(..)` is missing"));
        }
        Ok(attributes)
    }
}

impl EndpointAttributes {
    fn parse_argument(&mut self, name: &Ident, input: ParseStream<'_>) -> syn::Result<()> {
        match name.to_string().as_str() {
            "tag" => self.tag = Some(value(input)?),
            "request_body" => self.request_body = Some(value(input)?),
            "returns" => self.returns = list::<Response>(input)?,
            "params" => self.params = list::<Type>(input)?,
            "responses" => {
                let content;
                parenthesized!(content in input);
                self.responses = content.parse()?;
            }
            "throttle" => {
                let class: Ident = value(input)?;
                let class = match class.to_string().as_str() {
                    "anon" | "user" | "login" | "write" => camel_case(&class, ""),
                    _ => return Err(syn::Error::new(class.span(), "expected anon, user, login or write")),
                };
                self.policies.push(quote!(set_rate_limit(crate::platform::api::RateLimitClass::#class)));
            }
            "credentials" => {
                keyword(input, "ignored_if_invalid")?;
                self.policies.push(quote!(ignore_invalid_credentials()));
            }
            "idempotency" => {
                keyword(input, "none")?;
                self.policies.push(quote!(ignore_idempotency_keys()));
            }
            _ => {
                let expected =
                    "expected tag, returns, responses, params, request_body, throttle, credentials or idempotency";
                return Err(syn::Error::new(name.span(), expected));
            }
        }
        Ok(())
    }
}

fn value<T: Parse>(input: ParseStream<'_>) -> syn::Result<T> {
    input.parse::<Token![=]>()?;
    input.parse()
}

fn keyword(input: ParseStream<'_>, expected: &str) -> syn::Result<()> {
    let word: Ident = value(input)?;
    if word == expected { Ok(()) } else { Err(syn::Error::new(word.span(), format!("expected {expected}"))) }
}

fn list<T: Parse>(input: ParseStream<'_>) -> syn::Result<Vec<T>> {
    let content;
    parenthesized!(content in input);
    Ok(Punctuated::<T, Token![,]>::parse_terminated(&content)?.into_iter().collect())
}

/// Returns the handler with `#[utoipa::path]`, and a type that describes the handler's arguments.
pub fn expand(attributes: &EndpointAttributes, handler: &ItemFn) -> TokenStream {
    let description = camel_case(&handler.sig.ident, "Endpoint");
    let EndpointAttributes { tag, responses, params, policies, .. } = attributes;
    let types = handler.sig.inputs.iter().filter_map(|argument| match argument {
        FnArg::Typed(argument) => Some(&*argument.ty),
        FnArg::Receiver(_) => None,
    });
    let (bodies, types): (Vec<&Type>, Vec<&Type>) = types.partition(|kind| is_named(kind, "Body"));
    let types = types.into_iter().filter(|kind| !is_documented_by_utoipa(kind));
    let body = attributes.request_body.as_ref().or_else(|| bodies.iter().find_map(|kind| type_argument(kind)));
    let body = body.map(|body| quote!(request_body = #body,));
    let returns = attributes.returns.iter().map(|Response { status, body }| {
        let body = body.as_ref().map(|body| quote!(, body = #body));
        quote!((status = #status #body),)
    });
    quote! {
        struct #description;

        impl #description {
            fn describe() -> crate::platform::api::EndpointDescription {
                let mut description = crate::platform::api::EndpointDescription::default();
                #(<#types as crate::platform::api::EndpointArgument>::describe(&mut description);)*
                #(description.add_parameters::<#params>();)*
                #(description.#policies;)*
                description
            }
        }

        impl utoipa::IntoParams for #description {
            fn into_params(
                _: impl Fn() -> Option<utoipa::openapi::path::ParameterIn>,
            ) -> Vec<utoipa::openapi::path::Parameter> {
                Self::describe().into_parameters()
            }
        }

        #[utoipa::path(
            tag = #tag,
            params(#description),
            #body
            responses(#(#returns)* #responses),
            extensions(("x-endpoint" = json!(#description::describe().policies()))),
        )]
        #handler
    }
}

fn is_named(kind: &Type, name: &str) -> bool {
    type_name(kind).is_some_and(|ident| ident == name)
}

/// Returns true for paths without a type of their own (`Path<(AppId, AppTokenId)>`, `Path<String>`): `utoipa::path`
/// documents them from the route.
fn is_documented_by_utoipa(kind: &Type) -> bool {
    let argument = type_argument(kind).filter(|_| is_named(kind, "Path"));
    argument.is_some_and(|argument| matches!(argument, Type::Tuple(_)) || is_named(argument, "String"))
}

#[cfg(test)]
mod tests {
    use quote::ToTokens;
    use syn::parse_quote;

    use super::*;

    fn expanded(attributes: &EndpointAttributes, handler: &ItemFn) -> String {
        expand(attributes, handler).to_token_stream().to_string().replace(' ', "")
    }

    #[test]
    fn arguments_and_policies_are_described() {
        let attributes =
            parse_quote!(tag = "auth", returns(200 = LoginView, 204), throttle = login, idempotency = none);
        let handler = parse_quote! {
            pub async fn log_in(app: Data<App>, ids: Path<(AppId, TokenId)>, id: Path<UserId>, body: Body<LoginBody>) {}
        };
        let code = expanded(&attributes, &handler);
        assert!(code.contains("<Data<App>ascrate::platform::api::EndpointArgument>::describe"));
        assert!(code.contains("<Path<UserId>ascrate::"), "{code}");
        assert!(!code.contains("<Path<(AppId,TokenId)>as"), "utoipa documents tuples");
        assert!(!code.contains("<Body<LoginBody>as"), "a body is not a parameter");
        assert!(code.contains("request_body=LoginBody,responses((status=200,body=LoginView),(status=204),)"), "{code}");
        assert!(code.contains("set_rate_limit(crate::platform::api::RateLimitClass::Login)"));
        assert!(code.contains("ignore_idempotency_keys()"));
    }

    #[test]
    fn unknown_arguments_do_not_compile() {
        for text in [
            "tag = \"a\"",
            "returns(204)",
            "tag = \"a\", returns(204), throttle = often",
            "tag = \"a\", permission = x",
        ] {
            assert!(syn::parse_str::<EndpointAttributes>(text).is_err(), "{text}");
        }
    }
}
