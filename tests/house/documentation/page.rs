//! The examples of a page: blocks of shell, and the answers below them.

/// A command of a page, and what it prints.
#[derive(Debug, PartialEq, Eq)]
pub struct Example {
    /// Where its block begins, from 1.
    pub line: usize,
    pub script: String,
    /// None: it prints nothing.
    pub answer: Option<Answer>,
}

#[derive(Debug, PartialEq, Eq)]
pub struct Answer {
    pub kind: AnswerKind,
    pub text: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AnswerKind {
    Json,
    /// A status line, headers, and perhaps a body of JSON.
    Http,
    /// Anything else, compared line by line.
    Text,
}

impl AnswerKind {
    fn of_language(language: &str) -> Option<Self> {
        match language {
            "json" => Some(Self::Json),
            "http" => Some(Self::Http),
            "text" => Some(Self::Text),
            _ => None,
        }
    }
}

/// A fenced block of Markdown.
struct Block {
    line: usize,
    language: String,
    text: String,
    /// Only blank lines are between it and the block before.
    follows_directly: bool,
}

/// Every block of shell with the answer that follows directly, or what is wrong with the page.
pub fn examples(page: &str) -> Result<Vec<Example>, String> {
    let mut examples: Vec<Example> = Vec::new();
    for block in blocks(page) {
        let Block { line, language, text, follows_directly } = block;
        if language == "sh" {
            examples.push(Example { line, script: text, answer: None });
            continue;
        }
        let kind = AnswerKind::of_language(&language).ok_or_else(|| format!("{line}: no block is {language:?}"))?;
        match examples.last_mut().filter(|example| follows_directly && example.answer.is_none()) {
            Some(example) => example.answer = Some(Answer { kind, text }),
            None => return Err(format!("{line}: an answer to no command")),
        }
    }
    Ok(examples)
}

fn blocks(page: &str) -> Vec<Block> {
    let mut blocks: Vec<Block> = Vec::new();
    let (mut is_open, mut follows_directly) = (false, false);
    for (at, line) in page.lines().enumerate() {
        match (is_open, line.strip_prefix("```")) {
            (false, Some(language)) => {
                let language = language.trim().to_owned();
                blocks.push(Block { line: at + 1, language, text: String::new(), follows_directly });
                is_open = true;
            }
            (true, Some(_)) => (is_open, follows_directly) = (false, true),
            (true, None) => {
                if let Some(block) = blocks.last_mut() {
                    block.text.push_str(line);
                    block.text.push('\n');
                }
            }
            (false, None) => follows_directly &= line.trim().is_empty(),
        }
    }
    blocks
}

#[test]
fn an_answer_belongs_to_the_command_above_it() {
    let page = "Ask:\n```sh\ncurl a\n```\n\n```json\n{}\n```\nThen:\n\n```sh\nA=$(b)\n```\n";
    let answer = Answer { kind: AnswerKind::Json, text: "{}\n".to_owned() };
    assert_eq!(
        examples(page).unwrap(),
        [
            Example { line: 2, script: "curl a\n".to_owned(), answer: Some(answer) },
            Example { line: 11, script: "A=$(b)\n".to_owned(), answer: None },
        ]
    );
    assert_eq!(examples("```sh\na\n```\nso\n```json\n{}\n```").unwrap_err(), "5: an answer to no command");
    assert_eq!(examples("```sh\na\n```\n```json\n1\n```\n```json\n2\n```").unwrap_err(), "7: an answer to no command");
    assert_eq!(examples("```python\n```").unwrap_err(), "1: no block is \"python\"");
}
