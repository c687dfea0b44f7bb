//! Templates of all messages, compiled into the binary.
//!
//! `templates/email/<name>/<language>/` contains `subject.txt`, `body.txt` and `body.html` of an e-mail;
//! `templates/sms/<name>/<language>.txt` is a text message. Files whose name starts with `_` are included by other
//! templates. If a message has no template in the requested language, Mercer uses the more general language (`de` for
//! `de-AT`), then English. Only `.html` files are escaped. A variable that is missing in the context is an error, never
//! an empty place in an e-mail. `templates/sample.json` contains all variables; [`Templates::check`] renders every
//! template with it.

use include_dir::{Dir, File, include_dir};
use minijinja::{AutoEscape, Environment, UndefinedBehavior, Value, syntax::SyntaxConfig, value::Serde};
use serde::Serialize;

use super::text::one_line;

/// Rendered e-mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RenderedMail {
    /// Always one line.
    pub subject: String,
    pub text: String,
    pub html: String,
}

/// Error of a template. It contains no values of the context, so it can be logged.
#[derive(Debug, thiserror::Error)]
pub enum TemplateError {
    #[error("there is no template {0:?}")]
    Unknown(String),
    #[error("the template {0:?} is not UTF-8 text")]
    NotText(String),
    #[error("the template does not compile: {0}")]
    Broken(#[source] minijinja::Error),
    #[error("the template cannot be rendered: {0}")]
    Unrendered(#[source] minijinja::Error),
    #[error("templates/sample.json is not JSON: {0}")]
    Sample(#[source] serde_json::Error),
}

/// All files of the folder `templates`.
static FILES: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/templates");

/// Values of all variables, for the check at start-up.
const SAMPLE: &str = "sample.json";

/// Language in which every message exists.
const FALLBACK: &str = "en";

/// Compiled templates.
pub struct Templates {
    environment: Environment<'static>,
}

impl Templates {
    pub fn compile() -> Result<Self, TemplateError> {
        let mut environment = Environment::new();
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        environment.set_auto_escape_callback(auto_escape);
        // A line that contains only a tag leaves no empty line in a text body.
        let syntax = SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build();
        environment.set_syntax(syntax.map_err(TemplateError::Broken)?);
        // Debug errors contain the variables, that is, names and addresses of customers.
        environment.set_debug(false);

        for file in files_below(&FILES) {
            let path = path_of(file)?;
            if path != SAMPLE {
                environment.add_template(path, text_of(file)?).map_err(TemplateError::Broken)?;
            }
        }
        Ok(Self { environment })
    }

    /// Renders every template with the sample, so that a misspelled variable fails at start-up and not in production.
    pub fn check(&self) -> Result<(), TemplateError> {
        let sample = FILES.get_file(SAMPLE).ok_or_else(|| TemplateError::Unknown(SAMPLE.to_owned()))?;
        let sample: serde_json::Value = serde_json::from_str(text_of(sample)?).map_err(TemplateError::Sample)?;
        let context = Value::from(Serde(&sample));
        for mail in folders("email") {
            ensure_fallback(mail.get_dir(mail.path().join(FALLBACK)).is_some(), mail)?;
            for language in mail.dirs() {
                self.render_parts(&language.path().to_string_lossy(), &context)?;
            }
        }
        for sms in folders("sms") {
            ensure_fallback(sms.get_file(sms.path().join(FALLBACK).with_extension("txt")).is_some(), sms)?;
            for language in sms.files() {
                self.render(path_of(language)?, &context)?;
            }
        }
        Ok(())
    }

    /// Renders an e-mail in `language`, a tag such as `de-AT`, or in the closest available language.
    pub fn render_mail(
        &self,
        name: &str,
        language: &str,
        context: &impl Serialize,
    ) -> Result<RenderedMail, TemplateError> {
        let folder = closest(language, |language| {
            let folder = format!("email/{name}/{language}");
            FILES.get_file(format!("{folder}/subject.txt")).map(|_| folder)
        });
        let folder = folder.ok_or_else(|| TemplateError::Unknown(name.to_owned()))?;
        self.render_parts(&folder, &Value::from(Serde(context)))
    }

    /// Renders a text message in `language`, a tag such as `de-AT`, or in the closest available language.
    pub fn render_sms(&self, name: &str, language: &str, context: &impl Serialize) -> Result<String, TemplateError> {
        let path = closest(language, |language| {
            let path = format!("sms/{name}/{language}.txt");
            FILES.get_file(&path).map(|_| path)
        });
        let path = path.ok_or_else(|| TemplateError::Unknown(name.to_owned()))?;
        let text = self.render(&path, &Value::from(Serde(context)))?;
        Ok(text.trim().to_owned())
    }

    fn render_parts(&self, folder: &str, context: &Value) -> Result<RenderedMail, TemplateError> {
        Ok(RenderedMail {
            subject: one_line(&self.render(&format!("{folder}/subject.txt"), context)?),
            text: self.render(&format!("{folder}/body.txt"), context)?,
            html: self.render(&format!("{folder}/body.html"), context)?,
        })
    }

    fn render(&self, path: &str, context: &Value) -> Result<String, TemplateError> {
        self.environment
            .get_template(path)
            .and_then(|template| template.render(context.clone()))
            .map_err(TemplateError::Unrendered)
    }
}

/// Returns the folders of the messages of one medium.
fn folders(medium: &str) -> impl Iterator<Item = &'static Dir<'static>> {
    FILES.get_dir(medium).into_iter().flat_map(Dir::dirs)
}

/// Returns the files of a folder and of all folders in it.
fn files_below(folder: &'static Dir<'static>) -> Vec<&'static File<'static>> {
    folder.files().chain(folder.dirs().flat_map(files_below)).collect()
}

fn path_of(file: &'static File<'static>) -> Result<&'static str, TemplateError> {
    file.path().to_str().ok_or_else(|| TemplateError::NotText(file.path().display().to_string()))
}

fn text_of(file: &'static File<'static>) -> Result<&'static str, TemplateError> {
    file.contents_utf8().ok_or_else(|| TemplateError::NotText(file.path().display().to_string()))
}

fn ensure_fallback(has_fallback: bool, message: &Dir<'_>) -> Result<(), TemplateError> {
    if has_fallback {
        return Ok(());
    }
    Err(TemplateError::Unknown(format!("{}/{FALLBACK}", message.path().display())))
}

/// Returns the result of `find` for the language, else for the more general language, else for English.
fn closest<T>(language: &str, find: impl Fn(&str) -> Option<T>) -> Option<T> {
    let language = language.to_ascii_lowercase();
    let mut tag = language.as_str();
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

fn auto_escape(path: &str) -> AutoEscape {
    if path.ends_with(".html") { AutoEscape::Html } else { AutoEscape::None }
}
