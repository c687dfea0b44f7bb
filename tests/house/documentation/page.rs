//! Examples of a page: blocks of shell or TypeScript, and the outputs below them.

/// Command or part of a program on a page, with its output.
#[derive(Debug, PartialEq, Eq)]
pub struct Example {
    /// First line of the block, starting at 1.
    pub line: usize,
    /// Number of second-level headings above the block.
    pub section: usize,
    pub language: Language,
    pub script: String,
    /// None if the example prints nothing.
    pub output: Option<Output>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    Shell,
    /// `ts`, or `ts browser` for a program in a page of the shop.
    TypeScript {
        is_in_browser: bool,
    },
}

impl Language {
    fn of_block(language: &str) -> Option<Self> {
        match language {
            "sh" => Some(Self::Shell),
            "ts" => Some(Self::TypeScript { is_in_browser: false }),
            "ts browser" => Some(Self::TypeScript { is_in_browser: true }),
            _ => None,
        }
    }
}

#[derive(Debug, PartialEq, Eq)]
pub struct Output {
    pub kind: OutputKind,
    pub text: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OutputKind {
    Json,
    /// Status line, headers, and optionally a JSON body.
    Http,
    /// Other text.
    Text,
}

impl OutputKind {
    fn of_language(language: &str) -> Option<Self> {
        match language {
            "json" => Some(Self::Json),
            "http" => Some(Self::Http),
            "text" => Some(Self::Text),
            _ => None,
        }
    }
}

/// Fenced block of Markdown.
struct Block {
    line: usize,
    section: usize,
    language: String,
    text: String,
    /// True if only blank lines separate it from the block before.
    follows_directly: bool,
}

/// Returns every block of code with the output that follows it directly, or the error of the page.
pub fn examples(page: &str) -> Result<Vec<Example>, String> {
    let mut examples: Vec<Example> = Vec::new();
    for block in blocks(page) {
        let Block { line, section, language, text, follows_directly } = block;
        if let Some(language) = Language::of_block(&language) {
            examples.push(Example { line, section, language, script: text, output: None });
            continue;
        }
        let kind =
            OutputKind::of_language(&language).ok_or_else(|| format!("{line}: unknown language {language:?}"))?;
        match examples.last_mut().filter(|example| follows_directly && example.output.is_none()) {
            Some(example) => example.output = Some(Output { kind, text }),
            None => return Err(format!("{line}: an output without a command")),
        }
    }
    Ok(examples)
}

fn blocks(page: &str) -> Vec<Block> {
    let mut blocks: Vec<Block> = Vec::new();
    let (mut is_open, mut follows_directly, mut section) = (false, false, 0);
    for (at, line) in page.lines().enumerate() {
        match (is_open, line.strip_prefix("```")) {
            (false, Some(language)) => {
                let language = language.trim().to_owned();
                blocks.push(Block { line: at + 1, section, language, text: String::new(), follows_directly });
                is_open = true;
            }
            (true, Some(_)) => (is_open, follows_directly) = (false, true),
            (true, None) => {
                if let Some(block) = blocks.last_mut() {
                    block.text.push_str(line);
                    block.text.push('\n');
                }
            }
            (false, None) => {
                follows_directly &= line.trim().is_empty();
                section += usize::from(line.starts_with("## "));
            }
        }
    }
    blocks
}

#[test]
fn output_belongs_to_the_command_above_it() {
    let page = "Ask:\n```sh\ncurl a\n```\n\n```json\n{}\n```\nThen:\n\n## B\n```sh\nA=$(b)\n```\n```ts\nc;\n```\n\
                ```ts browser\nd;\n```\n";
    let example = |line, section, language, script: &str| Example {
        line,
        section,
        language,
        script: script.to_owned(),
        output: None,
    };
    let program = |is_in_browser| Language::TypeScript { is_in_browser };
    let output = Output { kind: OutputKind::Json, text: "{}\n".to_owned() };
    assert_eq!(
        examples(page).unwrap(),
        [
            Example { output: Some(output), ..example(2, 0, Language::Shell, "curl a\n") },
            example(12, 1, Language::Shell, "A=$(b)\n"),
            example(15, 1, program(false), "c;\n"),
            example(18, 1, program(true), "d;\n"),
        ]
    );
    assert_eq!(examples("```sh\na\n```\nso\n```json\n{}\n```").unwrap_err(), "5: an output without a command");
    assert_eq!(
        examples("```sh\na\n```\n```json\n1\n```\n```json\n2\n```").unwrap_err(),
        "7: an output without a command"
    );
    assert_eq!(examples("```python\n```").unwrap_err(), "1: unknown language \"python\"");
}
