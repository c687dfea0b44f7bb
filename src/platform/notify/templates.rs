//! The words of every message, compiled into the program.
//!
//! A mail is a folder of `templates/email`, with a folder for each language, with a subject, a text and an HTML body; a
//! text message is a folder of `templates/sms`, with one file for each language. Whoever reads a language that a
//! message is not written in gets the more general one (`de` for `de-AT`), else English. Only `.html` is escaped. A
//! variable that the context lacks is an error, never an empty place in a customer's mail; `templates/sample.json`
//! names all the variables there are, and [`Templates::check`] renders everything with it.

use minijinja::{AutoEscape, Environment, UndefinedBehavior, Value, syntax::SyntaxConfig, value::Serde};
use serde::Serialize;

use super::text::one_line;

/// A mail's words, ready to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RenderedMail {
    /// Always one line.
    pub subject: String,
    pub text: String,
    pub html: String,
}

/// Why there are no words. It holds none of the context, so it may be logged.
#[derive(Debug, thiserror::Error)]
pub enum TemplateError {
    #[error("there is no template {0:?}")]
    Unknown(String),
    #[error("the template does not compile: {0}")]
    Broken(#[source] minijinja::Error),
    #[error("the template cannot be rendered: {0}")]
    Unrendered(#[source] minijinja::Error),
    #[error("templates/sample.json is not JSON: {0}")]
    Sample(#[source] serde_json::Error),
}

/// A template's path below `templates/` and its text.
type Source = (&'static str, &'static str);

macro_rules! source {
    ($path:expr) => {
        ($path, include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/templates/", $path)))
    };
}

macro_rules! mail {
    ($name:literal in $language:literal) => {
        MailSources {
            name: $name,
            language: $language,
            subject: source!(concat!("email/", $name, "/", $language, "/subject.txt")),
            text: source!(concat!("email/", $name, "/", $language, "/body.txt")),
            html: source!(concat!("email/", $name, "/", $language, "/body.html")),
        }
    };
}

macro_rules! sms {
    ($name:literal in $language:literal) => {
        SmsSource { name: $name, language: $language, text: source!(concat!("sms/", $name, "/", $language, ".txt")) }
    };
}

struct MailSources {
    name: &'static str,
    language: &'static str,
    subject: Source,
    text: Source,
    html: Source,
}

struct SmsSource {
    name: &'static str,
    language: &'static str,
    text: Source,
}

/// The language that every message is written in.
const FALLBACK: &str = "en";

/// What other templates extend or include.
const SHARED: &[Source] = &[
    source!("email/_layout.html"),
    source!("email/_order.de.html"),
    source!("email/_order.de.txt"),
    source!("email/_order.en.html"),
    source!("email/_order.en.txt"),
    source!("email/_second_factor.de.txt"),
    source!("email/_second_factor.en.txt"),
];

const MAILS: &[MailSources] = &[
    mail!("account_exists" in "de"),
    mail!("account_exists" in "en"),
    mail!("delete_account" in "de"),
    mail!("delete_account" in "en"),
    mail!("email_change" in "de"),
    mail!("email_change" in "en"),
    mail!("email_change_announced" in "de"),
    mail!("email_change_announced" in "en"),
    mail!("email_changed" in "de"),
    mail!("email_changed" in "en"),
    mail!("email_taken" in "de"),
    mail!("email_taken" in "en"),
    mail!("export_ready" in "de"),
    mail!("export_ready" in "en"),
    mail!("identity_linked" in "de"),
    mail!("identity_linked" in "en"),
    mail!("order_cancelled" in "de"),
    mail!("order_cancelled" in "en"),
    mail!("order_confirmed" in "de"),
    mail!("order_confirmed" in "en"),
    mail!("order_placed_admin" in "en"),
    mail!("order_shipped" in "de"),
    mail!("order_shipped" in "en"),
    mail!("password_changed" in "de"),
    mail!("password_changed" in "en"),
    mail!("reset_password" in "de"),
    mail!("reset_password" in "en"),
    mail!("second_factor_changed" in "de"),
    mail!("second_factor_changed" in "en"),
    mail!("staff_invitation" in "de"),
    mail!("staff_invitation" in "en"),
    mail!("verify_email" in "de"),
    mail!("verify_email" in "en"),
];

const SMSES: &[SmsSource] = &[
    sms!("order_confirmed" in "de"),
    sms!("order_confirmed" in "en"),
    sms!("phone_changed" in "de"),
    sms!("phone_changed" in "en"),
];

const SAMPLE: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/templates/sample.json"));

/// All templates, compiled.
pub struct Templates {
    environment: Environment<'static>,
}

impl Templates {
    pub fn compile() -> Result<Self, TemplateError> {
        let mut environment = Environment::new();
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        environment.set_auto_escape_callback(escaping_of);
        // A line with nothing but a tag leaves no empty line in a text body.
        let syntax = SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build();
        environment.set_syntax(syntax.map_err(TemplateError::Broken)?);
        // Debug errors carry the variables, that is customers' names and addresses.
        environment.set_debug(false);

        let mails = MAILS.iter().flat_map(|mail| [mail.subject, mail.text, mail.html]);
        let smses = SMSES.iter().map(|sms| sms.text);
        for (path, text) in SHARED.iter().copied().chain(mails).chain(smses) {
            environment.add_template(path, text).map_err(TemplateError::Broken)?;
        }
        Ok(Self { environment })
    }

    /// Renders every template with the sample, so that a misspelt variable stops the program at
    /// its start and not a mail in the night.
    pub fn check(&self) -> Result<(), TemplateError> {
        let sample: serde_json::Value = serde_json::from_str(SAMPLE).map_err(TemplateError::Sample)?;
        for mail in MAILS {
            self.render_mail(mail.name, mail.language, &sample)?;
        }
        for sms in SMSES {
            self.render_sms(sms.name, sms.language, &sample)?;
        }
        Ok(())
    }

    /// In `language`, a tag such as `de-AT`, or the nearest that there is.
    pub fn render_mail(
        &self,
        name: &str,
        language: &str,
        context: &impl Serialize,
    ) -> Result<RenderedMail, TemplateError> {
        let mail = nearest(language, |language| {
            MAILS.iter().find(|mail| mail.name == name && mail.language.eq_ignore_ascii_case(language))
        });
        let mail = mail.ok_or_else(|| TemplateError::Unknown(name.to_owned()))?;
        let context = Value::from(Serde(context));

        Ok(RenderedMail {
            subject: one_line(&self.render(mail.subject, &context)?),
            text: self.render(mail.text, &context)?,
            html: self.render(mail.html, &context)?,
        })
    }

    /// In `language`, a tag such as `de-AT`, or the nearest that there is.
    pub fn render_sms(&self, name: &str, language: &str, context: &impl Serialize) -> Result<String, TemplateError> {
        let sms = nearest(language, |language| {
            SMSES.iter().find(|sms| sms.name == name && sms.language.eq_ignore_ascii_case(language))
        });
        let sms = sms.ok_or_else(|| TemplateError::Unknown(name.to_owned()))?;

        let text = self.render(sms.text, &Value::from(Serde(context)))?;
        Ok(text.trim().to_owned())
    }

    fn render(&self, (path, _): Source, context: &Value) -> Result<String, TemplateError> {
        self.environment
            .get_template(path)
            .and_then(|template| template.render(context.clone()))
            .map_err(TemplateError::Unrendered)
    }
}

/// What `find` finds for a language: for `de-AT`, else for `de`, else for English.
fn nearest<T>(language: &str, find: impl Fn(&str) -> Option<T>) -> Option<T> {
    let mut tag = language;
    loop {
        if let Some(found) = find(tag) {
            return Some(found);
        }
        match tag.rsplit_once('-') {
            Some((general, _)) => tag = general,
            None => return find(FALLBACK),
        }
    }
}

fn escaping_of(path: &str) -> AutoEscape {
    if path.ends_with(".html") { AutoEscape::Html } else { AutoEscape::None }
}
