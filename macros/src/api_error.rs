//! The `ApiError` derive.

use proc_macro2::TokenStream;
use quote::quote;
use syn::punctuated::Punctuated;
use syn::{Data, DeriveInput, Fields, Ident, LitStr, Path, Token, Variant, parenthesized};

/// Returns the implementation of `ApiError` for an error enum.
pub fn expand(input: &DeriveInput) -> syn::Result<TokenStream> {
    let name = &input.ident;
    let Data::Enum(data) = &input.data else { return Err(syn::Error::new_spanned(name, "expected an enum")) };
    let arms = data.variants.iter().map(arm).collect::<syn::Result<Vec<_>>>()?;
    Ok(quote! {
        impl crate::platform::error::ApiError for #name {
            fn kind(&self) -> crate::platform::error::Kind {
                use crate::platform::error::{ApiError, ErrorTree, Kind};
                match self { #(#arms)* }
            }
        }
    })
}

fn arm(variant: &Variant) -> syn::Result<TokenStream> {
    let name = &variant.ident;
    if is_transparent(variant) {
        return Ok(quote!(Self::#name(cause) => cause.kind(),));
    }
    let mut kind = None;
    for attribute in variant.attrs.iter().filter(|attribute| attribute.path().is_ident("kind")) {
        attribute.parse_nested_meta(|meta| {
            let constructor = meta.path.get_ident().map(ToString::to_string).unwrap_or_default();
            kind = Some(match constructor.as_str() {
                "not_found" => {
                    let code: LitStr = meta.value()?.parse()?;
                    quote!(Self::#name { .. } => Kind::not_found(#code),)
                }
                "conflict" => {
                    let code: LitStr = meta.value()?.parse()?;
                    quote!(Self::#name { .. } => Kind::conflict(#code),)
                }
                "forbidden" => {
                    let code: LitStr = meta.value()?.parse()?;
                    quote!(Self::#name { .. } => Kind::rejected(actix_web::http::StatusCode::FORBIDDEN, #code),)
                }
                "invalid" => {
                    let content;
                    parenthesized!(content in meta.input);
                    let arguments = Punctuated::<LitStr, Token![,]>::parse_terminated(&content)?;
                    let arguments: Vec<LitStr> = arguments.into_iter().collect();
                    let [field, code] = arguments.as_slice() else {
                        return Err(content.error("expected invalid(\"field\", \"code\")"));
                    };
                    let tree = quote!(ErrorTree::message(#code, self.to_string()));
                    quote!(Self::#name { .. } => Kind::invalid(#field, #tree),)
                }
                "internal" => quote!(Self::#name { .. } => Kind::Internal,),
                "with" => {
                    let function: Path = meta.value()?.parse()?;
                    call(variant, &function)?
                }
                _ => return Err(meta.error("expected not_found, conflict, forbidden, invalid, internal or with")),
            });
            Ok(())
        })?;
    }
    kind.ok_or_else(|| syn::Error::new_spanned(variant, "`#[kind(..)]` is missing"))
}

/// Returns the arm that calls a function with references to the fields of the variant.
fn call(variant: &Variant, function: &Path) -> syn::Result<TokenStream> {
    let name = &variant.ident;
    match &variant.fields {
        Fields::Unit => Ok(quote!(Self::#name => #function(),)),
        Fields::Unnamed(fields) => {
            let names = (0..fields.unnamed.len()).map(|index| Ident::new(&format!("field{index}"), name.span()));
            let names: Vec<Ident> = names.collect();
            Ok(quote!(Self::#name(#(#names),*) => #function(#(#names),*),))
        }
        Fields::Named(fields) => {
            let names: Vec<&Ident> = fields.named.iter().filter_map(|field| field.ident.as_ref()).collect();
            Ok(quote!(Self::#name { #(#names),* } => #function(#(#names),*),))
        }
    }
}

/// Returns true for `#[error(transparent)]`.
fn is_transparent(variant: &Variant) -> bool {
    variant
        .attrs
        .iter()
        .filter(|attribute| attribute.path().is_ident("error"))
        .any(|attribute| attribute.parse_args::<Ident>().is_ok_and(|word| word == "transparent"))
}

#[cfg(test)]
mod tests {
    use syn::parse_quote;

    use super::*;

    #[test]
    fn each_variant_needs_a_kind() {
        let code = expand(&parse_quote! {
            enum ThingError {
                #[error("Not found.")]
                #[kind(not_found = "not_found")]
                NotFound,
                #[error("taken")]
                #[kind(invalid("name", "unique"))]
                NameTaken,
                #[error("{now}")]
                #[kind(with = price_changed)]
                PriceChanged { now: Money, expected: Money },
                #[error(transparent)]
                Database(#[from] diesel::result::Error),
            }
        });
        let code = code.unwrap().to_string().replace(' ', "");
        assert!(code.contains("Self::PriceChanged{now,expected}=>price_changed(now,expected),"), "{code}");
        assert!(code.contains("Self::Database(cause)=>cause.kind(),"));
        assert!(code.contains("Self::NameTaken{..}=>Kind::invalid(\"name\""));
        assert!(
            expand(&parse_quote!(
                enum ThingError {
                    #[error("x")]
                    NotFound,
                }
            ))
            .is_err()
        );
    }
}
