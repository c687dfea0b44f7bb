//! The files of the repository, as the rules see them.

use std::fs;
use std::path::Path;

/// What is made by tools, or belongs to one machine.
const NOT_OURS: [&str; 7] = [".git", "target", "var", ".venv", ".env", "node_modules", "__pycache__"];

#[derive(Debug, Clone)]
pub struct RepositoryFile {
    /// From the root of the repository, with `/`.
    pub path: String,
    pub text: String,
}

/// Every text file below `folder` (a path from the root; empty for all), sorted.
pub fn below(folder: &str) -> Vec<RepositoryFile> {
    let mut found = Vec::new();
    collect(folder, &mut found);
    found.sort_by(|a, b| a.path.cmp(&b.path));
    found
}

/// One file from the root of the repository; none where it is absent or not text.
pub fn read(path: &str) -> Option<String> {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).ok()
}

fn collect(folder: &str, found: &mut Vec<RepositoryFile>) {
    let absolute = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    for entry in fs::read_dir(absolute).into_iter().flatten().flatten() {
        let Ok(name) = entry.file_name().into_string() else {
            continue;
        };
        if NOT_OURS.contains(&name.as_str()) {
            continue;
        }
        let path = if folder.is_empty() { name } else { format!("{folder}/{name}") };
        if entry.path().is_dir() {
            collect(&path, found);
        } else if let Some(text) = read(&path) {
            found.push(RepositoryFile { path, text });
        }
    }
}
