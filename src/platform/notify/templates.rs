//! The words of every message, compiled into the program.
//!
//! A mail is a folder of `templates/email` with a subject, a text and an HTML body; a text
//! message is one file of `templates/sms`. Only `.html` is escaped. A variable that the context
//! lacks is an error, never an empty place in a customer's mail; `templates/sample.json` names
//! all the variables there are, and [`Templates::check`] renders everything with it.

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
    ($name:literal) => {
        MailSources {
            name: $name,
            subject: source!(concat!("email/", $name, "/subject.txt")),
            text: source!(concat!("email/", $name, "/body.txt")),
            html: source!(concat!("email/", $name, "/body.html")),
        }
    };
}

macro_rules! sms {
    ($name:literal) => {
        ($name, source!(concat!("sms/", $name, ".txt")))
    };
}

struct MailSources {
    name: &'static str,
    subject: Source,
    text: Source,
    html: Source,
}

/// What other templates extend or include.
const SHARED: &[Source] = &[
    source!("email/_layout.html"),
    source!("email/_order.html"),
    source!("email/_order.txt"),
    source!("email/_second_factor.txt"),
];

const MAILS: &[MailSources] = &[
    mail!("order_cancelled"),
    mail!("order_confirmed"),
    mail!("order_placed_admin"),
    mail!("order_shipped"),
    mail!("second_factor_changed"),
];

const SMSES: &[(&str, Source)] = &[sms!("order_confirmed")];

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
        let smses = SMSES.iter().map(|(_, source)| *source);
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
            self.render_mail(mail.name, &sample)?;
        }
        for (name, _) in SMSES {
            self.render_sms(name, &sample)?;
        }
        Ok(())
    }

    pub fn render_mail(&self, name: &str, context: &impl Serialize) -> Result<RenderedMail, TemplateError> {
        let mail =
            MAILS.iter().find(|mail| mail.name == name).ok_or_else(|| TemplateError::Unknown(name.to_owned()))?;
        let context = Value::from(Serde(context));

        Ok(RenderedMail {
            subject: one_line(&self.render(mail.subject, &context)?),
            text: self.render(mail.text, &context)?,
            html: self.render(mail.html, &context)?,
        })
    }

    pub fn render_sms(&self, name: &str, context: &impl Serialize) -> Result<String, TemplateError> {
        let (_, source) =
            SMSES.iter().find(|(known, _)| *known == name).ok_or_else(|| TemplateError::Unknown(name.to_owned()))?;

        let text = self.render(*source, &Value::from(Serde(context)))?;
        Ok(text.trim().to_owned())
    }

    fn render(&self, (path, _): Source, context: &Value) -> Result<String, TemplateError> {
        self.environment
            .get_template(path)
            .and_then(|template| template.render(context.clone()))
            .map_err(TemplateError::Unrendered)
    }
}

fn escaping_of(path: &str) -> AutoEscape {
    if path.ends_with(".html") { AutoEscape::Html } else { AutoEscape::None }
}
